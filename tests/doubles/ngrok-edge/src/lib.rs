//! A stand-in for ngrok.
