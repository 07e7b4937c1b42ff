"""Records the files in `recorded/` with Chromium's MediaRecorder: `python -m tests.media_corpus.record`.

They lie in the repository because no two recordings are the same, and the mutations of a file must be.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

_FOLDER: Final = Path(__file__).with_name("recorded")
_KINDS: Final = {
    "vp8-opus.webm": "video/webm;codecs=vp8,opus",
    "vp9-opus.webm": "video/webm;codecs=vp9,opus",
    "av1-opus.webm": "video/webm;codecs=av1,opus",
    "h264.webm": "video/webm;codecs=h264",
    "sound.webm": "audio/webm;codecs=opus",
    "h264-opus.mp4": "video/mp4;codecs=avc1.42E01E,opus",
    "vp9-opus.mp4": "video/mp4;codecs=vp9,opus",
    "sound.mp4": "audio/mp4;codecs=opus",
}
_RECORD: Final = """async (kinds) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 64 });
    const pen = canvas.getContext("2d");
    const audio = new AudioContext();
    const tone = new OscillatorNode(audio, { frequency: 330 });
    const ear = audio.createMediaStreamDestination();
    tone.connect(ear); tone.start(); await audio.resume();
    const drawing = setInterval(() => { pen.fillStyle = `hsl(${performance.now() / 3} 80% 50%)`; pen.fillRect(0, 0, 96, 64); }, 40);
    const record = async ([name, mimeType]) => {
        if (!MediaRecorder.isTypeSupported(mimeType)) return [name, null];
        const tracks = mimeType.startsWith("audio") ? ear.stream.getTracks() : [...canvas.captureStream(12).getTracks(), ...ear.stream.getTracks()];
        const recorder = new MediaRecorder(new MediaStream(tracks), { mimeType, videoBitsPerSecond: 60000, audioBitsPerSecond: 16000 });
        const parts = [];
        recorder.ondataavailable = (event) => parts.push(event.data);
        recorder.start(200);
        await new Promise((resolve) => setTimeout(resolve, 700));
        await new Promise((resolve) => { recorder.onstop = resolve; recorder.stop(); });
        const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
        return [name, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))];
    };
    const made = [];
    for (const kind of kinds) made.push(await record(kind));
    clearInterval(drawing);
    return made;
}"""


def main() -> None:
    """Writes what this Chromium can record."""
    _FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page = browser.new_page()
        page.goto("about:blank")
        for name, data in page.evaluate(_RECORD, list(_KINDS.items())):
            if data:
                (_FOLDER / name).write_bytes(base64.b64decode(data))
        browser.close()


if __name__ == "__main__":
    main()
