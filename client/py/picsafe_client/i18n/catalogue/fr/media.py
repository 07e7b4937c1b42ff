"""Ce qui a été retiré d'un fichier, et ce qu'il faut savoir avant l'envoi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str | Mapping[str, str]]] = {
    "removed.gps": "Le lieu de la prise de vue.",
    "removed.serial_number": "Le numéro de série de l’appareil ou de l’objectif.",
    "removed.device": "La marque et le modèle de l’appareil.",
    "removed.capture_time": "L’heure que l’appareil a écrite dans le fichier.",
    "removed.author": "Le nom d’un auteur, d’un propriétaire ou d’un ayant droit.",
    "removed.comment": "Titres, descriptions, mots-clés ou commentaires.",
    "removed.software": "Le nom du logiciel qui l’a créé ou modifié.",
    "removed.exif": "Données de l’appareil (Exif), sauf l’orientation.",
    "removed.maker_note": "Les notes propres au fabricant de l’appareil.",
    "removed.xmp": "Données de retouche (XMP).",
    "removed.iptc": "Légende et données d’archivage (IPTC).",
    "removed.tags": "Mentions telles que titre, artiste et encodeur.",
    "removed.embedded_thumbnail": "Une petite copie de l’image dans le fichier.",
    "removed.cover_picture": "Une image de couverture.",
    "removed.second_image": "D’autres images cachées dans le fichier, comme une seconde vue, une carte de profondeur ou une rafale.",
    "removed.motion_clip": "Un court film caché dans la photo.",
    "removed.data_track": "Des pistes à côté de l’image et du son, comme des positions, des codes temporels ou des sous-titres.",
    "removed.chapters": "Marques de chapitre.",
    "removed.attachment": "Des fichiers joints à l’intérieur du fichier.",
    "removed.private_data": "Données d’une application, inutiles à l’affichage.",
    "removed.stray_bytes": "Des octets qui n’appartiennent à aucune partie du fichier.",
    "caution.first_image_only": "Ce fichier contient plusieurs images ; seule la première est envoyée.",
    "caution.data_track_kept": "Cette vidéo a, à côté de l’image et du son, une piste qui n’a pas pu être retirée. Elle peut contenir des lieux et des heures.",
    "caution.unknown_stream_kept": "Cet enregistrement a une partie d’un genre inconnu qui n’a pas pu être nettoyée. Elle peut contenir des noms, des lieux ou des heures.",
    "caution.cut_short": "La fin de cet enregistrement manque. Ce qui existe est envoyé ; écoutez-le ou regardez-le d’abord jusqu’au bout.",
    "caution.unused_data_kept": "Cette vidéo contient, à côté de l’image et du son, des données qui n’ont pas pu être retirées. Elles peuvent contenir des lieux et des heures.",
    "compared.same": "Il a le même aspect que l’original.",
    "compared.first_picture": "Seule sa première image a été comparée à l’original ; elle a le même aspect.",
    "compared.undecodable": "Il n’a pas été comparé à l’original, car ce navigateur ne peut pas le décoder.",
    "compared.no_picture": "Ce navigateur ne peut pas afficher l’image de ce film, il peut seulement lire le son. Elle n’a pas été comparée à l’original, et le navigateur d’un destinataire ne l’affichera peut-être pas non plus.",
    "compared.sound": "Il peut être lu, mais ce que l’on entend n’a pas été comparé à l’original.",
    "compared.unsteady": "Il n’a pas été comparé à l’original, car ce navigateur ne laisse pas la page lire les images de façon fiable.",
    "compared.too_large": "Il n’a pas été comparé à l’original, car il a trop de pixels. My PicSafe ne l’affiche pas non plus : les destinataires peuvent seulement l’enregistrer.",
    "send.about_file": "{name} : {words}",
}
