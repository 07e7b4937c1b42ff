"""The picture, film or recording that is shown: zooming, gestures, playback."""
