"""What cleaning removed from a file, and what a sender must know of one: by the values of `picsafe_media.Removal` and `Notice`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str | Mapping[str, str]]] = {
    "removed.gps": "The place where it was taken.",
    "removed.serial_number": "The serial number of the camera or lens.",
    "removed.device": "The make and model of the device.",
    "removed.capture_time": "The time that the device wrote into the file.",
    "removed.author": "The name of an author, owner or copyright holder.",
    "removed.comment": "Titles, descriptions, keywords or comments.",
    "removed.software": "The name of the program that made or edited it.",
    "removed.exif": "Camera data (Exif), but for the orientation.",
    "removed.maker_note": "The camera maker's private notes.",
    "removed.xmp": "Editing data (XMP).",
    "removed.iptc": "Caption and archive data (IPTC).",
    "removed.tags": "Tags such as title, artist and encoder.",
    "removed.embedded_thumbnail": "A small copy of the picture inside the file.",
    "removed.cover_picture": "A cover picture.",
    "removed.second_image": "Further pictures hidden in the file, such as a second view, a depth map or a burst.",
    "removed.motion_clip": "A short film hidden in the photo.",
    "removed.data_track": "Tracks beside picture and sound, such as positions, time codes or subtitles.",
    "removed.chapters": "Chapter marks.",
    "removed.attachment": "Files attached inside the file.",
    "removed.private_data": "Data of an application that viewers do not need.",
    "removed.stray_bytes": "Bytes that belong to no part of the file.",
    "caution.first_image_only": "This file holds several pictures; only the first is sent.",
    "caution.data_track_kept": "This video has a track beside picture and sound that could not be removed. It may hold places and times.",
    "caution.unknown_stream_kept": "This recording has a part of an unknown kind that could not be cleaned. It may hold names, places or times.",
    "caution.cut_short": "The end of this recording is missing. What is there is sent; listen to it or watch it to the end first.",
    "caution.unused_data_kept": "This video holds data beside picture and sound that could not be removed. It may hold places and times.",
    "compared.same": "It looks the same as the original.",
    "compared.first_picture": "Only its first picture was compared with the original; it looks the same.",
    "compared.undecodable": "It was not compared with the original, because this browser cannot decode it.",
    "compared.no_picture": "This browser cannot show the picture of this film, only play its sound. It was not compared with the original, and a recipient's browser may not show it either.",
    "compared.sound": "It can be played, but what is heard was not compared with the original.",
    "compared.unsteady": "It was not compared with the original, because this browser does not let the page read pictures reliably.",
    "compared.too_large": "It was not compared with the original, because it has too many pixels. My PicSafe does not show it either: recipients can only save it.",
    "send.about_file": "{name}: {words}",
}
