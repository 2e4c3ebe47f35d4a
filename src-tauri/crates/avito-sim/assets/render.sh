#!/bin/sh
# Makes the embedded pictures and recordings from their sources. Run it in this folder after a change.
# Needs rsvg-convert, ImageMagick, espeak-ng, ffmpeg and the font DejaVu Sans.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p item avatar stub chat voice
for source in svg/item/*.svg; do
    name=$(basename "$source" .svg)
    rsvg-convert -w 560 -h 420 "$source" -o "$work/one.png"
    /usr/bin/convert "$work/one.png" -resize 280x210 -strip -sampling-factor 4:2:0 -quality 82 "item/$name.jpg"
done
for source in svg/chat/*.svg; do
    name=$(basename "$source" .svg)
    rsvg-convert -w 640 -h 480 "$source" -o "$work/one.png"
    /usr/bin/convert "$work/one.png" -strip -sampling-factor 4:2:0 -quality 66 "chat/$name.jpg"
done
for source in svg/avatar/*.svg; do
    name=$(basename "$source" .svg)
    rsvg-convert -w 128 -h 128 "$source" -o "$work/one.png"
    /usr/bin/convert "$work/one.png" -strip +dither -colors 48 "avatar/$name.png"
done
# Stubs are masks of sixteen greys; the program gives them their colour.
for source in svg/stub/*.svg; do
    name=$(basename "$source" .svg)
    rsvg-convert -w 128 -h 128 "$source" -o "$work/one.png"
    /usr/bin/convert "$work/one.png" -strip -alpha off -colorspace Gray -depth 4 -define png:color-type=0 \
        -define png:bit-depth=4 -define png:exclude-chunks=all "stub/$name.png"
done
say() {
    espeak-ng -v ru -s 150 -p "$2" -w "$work/one.wav" "$3"
    ffmpeg -loglevel error -y -i "$work/one.wav" -ac 1 -c:a libopus -b:a 20k -movflags +faststart "voice/$1.mp4"
}
say pick_up 45 "Здравствуйте! Я могу подъехать сегодня после семи вечера. Вам удобно?"
say small_scratch 35 "Добрый день. Скажите, пожалуйста, царапина глубокая? Её можно заполировать?"
say thank_you 60 "Спасибо большое, всё получила, очень довольна!"
