"""Was aus einer Datei entfernt wurde, und was vor dem Senden zu wissen ist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str | Mapping[str, str]]] = {
    "removed.gps": "Der Ort der Aufnahme.",
    "removed.serial_number": "Die Seriennummer der Kamera oder des Objektivs.",
    "removed.device": "Marke und Modell des Geräts.",
    "removed.capture_time": "Die Zeit, die das Gerät in die Datei geschrieben hat.",
    "removed.author": "Der Name von Urheber, Besitzer oder Rechteinhaber.",
    "removed.comment": "Titel, Beschreibungen, Stichwörter oder Kommentare.",
    "removed.software": "Der Name des Programms, mit dem sie erstellt oder bearbeitet wurde.",
    "removed.exif": "Kameradaten (Exif), bis auf die Ausrichtung.",
    "removed.maker_note": "Eigene Vermerke des Kameraherstellers.",
    "removed.xmp": "Bearbeitungsdaten (XMP).",
    "removed.iptc": "Bildunterschrift und Archivdaten (IPTC).",
    "removed.tags": "Angaben wie Titel, Interpret und Encoder.",
    "removed.embedded_thumbnail": "Eine kleine Kopie des Bildes in der Datei.",
    "removed.cover_picture": "Ein Titelbild.",
    "removed.second_image": "Weitere in der Datei verborgene Bilder, etwa eine zweite Ansicht, eine Tiefenkarte oder eine Bildserie.",
    "removed.motion_clip": "Ein im Foto verborgener kurzer Film.",
    "removed.data_track": "Spuren neben Bild und Ton, etwa Positionen, Zeitcodes oder Untertitel.",
    "removed.chapters": "Kapitelmarken.",
    "removed.attachment": "In der Datei angehängte Dateien.",
    "removed.private_data": "Daten eines Programms, die zum Ansehen nicht nötig sind.",
    "removed.stray_bytes": "Bytes, die zu keinem Teil der Datei gehören.",
    "caution.first_image_only": "Diese Datei enthält mehrere Bilder; nur das erste wird gesendet.",
    "caution.data_track_kept": "Dieses Video hat neben Bild und Ton eine Spur, die nicht entfernt werden konnte. Sie kann Orte und Zeiten enthalten.",
    "caution.unknown_stream_kept": "Diese Aufnahme hat einen Teil unbekannter Art, der nicht bereinigt werden konnte. Er kann Namen, Orte oder Zeiten enthalten.",
    "caution.cut_short": "Das Ende dieser Aufnahme fehlt. Gesendet wird, was da ist; hören oder sehen Sie es zuerst bis zum Ende an.",
    "caution.unused_data_kept": "Dieses Video enthält neben Bild und Ton Daten, die nicht entfernt werden konnten. Sie können Orte und Zeiten enthalten.",
    "compared.same": "Es sieht aus wie das Original.",
    "compared.first_picture": "Nur das erste Bild wurde mit dem Original verglichen; es sieht gleich aus.",
    "compared.undecodable": "Nicht mit dem Original verglichen, weil dieser Browser die Datei nicht decodieren kann.",
    "compared.no_picture": "Dieser Browser kann das Bild des Films nicht anzeigen, nur den Ton abspielen. Es wurde nicht mit dem Original verglichen, und auch der Browser eines Empfängers zeigt es vielleicht nicht.",
    "compared.sound": "Die Aufnahme lässt sich abspielen, aber was zu hören ist, wurde nicht mit dem Original verglichen.",
    "compared.unsteady": "Nicht mit dem Original verglichen, weil dieser Browser die Seite Bilder nicht zuverlässig lesen lässt.",
    "compared.too_large": "Nicht mit dem Original verglichen, weil es zu viele Pixel hat. Auch My PicSafe zeigt es nicht an: Empfänger können es nur speichern.",
    "send.about_file": "{name}: {words}",
}
