"""Record cameras: RTSP in, closed video files and a journal out; nothing is encoded anew."""
