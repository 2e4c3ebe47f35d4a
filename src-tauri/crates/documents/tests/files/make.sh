#!/bin/sh
# Makes the files that tests read from the hand-written ones beside it, with the programs people use.
# Needs LibreOffice (Writer, Calc), Chromium, qpdf, iconv, zip and msoffcrypto-tool. The results are committed.
set -eu
cd "$(dirname "$0")"
office() { soffice --headless -env:UserInstallation=file:///tmp/office-profile "$@" >/dev/null 2>&1; }
office --convert-to docx:"MS Word 2007 XML" --infilter="HTML (StarWriter)" conditions.html
office --convert-to pdf conditions.docx && mv conditions.pdf office.pdf
chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=browser.pdf conditions.html 2>/dev/null
office --convert-to xlsx --infilter="CSV:59,34,76,1,,1049,false,true" price.csv
office --convert-to xls --infilter="CSV:59,34,76,1,,1049,false,true" price.csv
office --convert-to doc:"MS Word 97" conditions.docx
qpdf --encrypt 1234 owner 256 -- office.pdf locked.pdf
msoffcrypto-tool -e -p 1234 conditions.docx locked.docx
msoffcrypto-tool -e -p 1234 price.xlsx locked.xlsx
# A scan: the page as a picture, printed.
chromium --headless --no-sandbox --disable-gpu --window-size=600,500 --screenshot=page.png conditions.html 2>/dev/null
echo '<img src="page.png" width="500">' > scan.html
chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=scan.pdf scan.html 2>/dev/null
# Macros: no program here makes them; what matters is the file that holds them.
cp conditions.docx macros.docm && mkdir -p word && echo macro > word/vbaProject.bin && zip -q macros.docm word/vbaProject.bin
rm -r word page.png scan.html
sed 's/₽/руб./; s/—/-/g' notes.md > /tmp/notes.txt
iconv -f utf-8 -t cp1251 /tmp/notes.txt > notes-cp1251.md
iconv -f utf-8 -t utf-16 notes.md > notes-utf16.md
iconv -f utf-8 -t cp1251 price.csv > price-cp1251.csv
