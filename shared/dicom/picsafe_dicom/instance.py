"""The data set around a photo: VL Photographic Image (PS3.3, annex A.32.4), complete but for the JPEG between head and
tail.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Final

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID

from picsafe_dicom import identity, words
from picsafe_dicom.anatomy import CODES
from picsafe_dicom.photo import Pixels
from picsafe_dicom.words import SH_BYTES
from picsafe_protocol.anatomy.body_sites import Region, locate
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Report
from picsafe_protocol.json.timestamps import parse_time

SOP_CLASS: Final = "1.2.840.10008.5.1.4.1.1.77.1.4"
MODALITY: Final = "XC"
"""External-camera photography."""

_PIXEL_DATA: Final = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
_ITEM: Final = b"\xfe\xff\x00\xe0"
_NO_OFFSETS: Final = _ITEM + bytes(4)
_END: Final = b"\xfe\xff\xdd\xe0" + bytes(4)
_SIDES: Final = {"left": "L", "right": "R", "both": "B"}


def head(report: Report, index: int, pixels: Pixels, provenance: Provenance) -> bytes:
    """Everything before the JPEG of medium number `index` (from 0), which `pixels` describes (PS3.5, annex A.4).

    The sender named by the servers fills DICOM's attributes for a person and an institution, if it is confirmed that
    this is the file they sent. Any other name appears only at the beginning of a comment that states how reliable it
    is, before the report's texts.
    """
    dataset = _dataset(report, index, pixels, provenance)
    written = io.BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    length = pixels.size + pixels.size % 2
    return written.getvalue() + _PIXEL_DATA + _NO_OFFSETS + _ITEM + length.to_bytes(4, "little")


def tail(pixels: Pixels) -> bytes:
    """Everything after the JPEG: a byte to make its length even, and the end of the sequence."""
    return bytes(pixels.size % 2) + _END


def _dataset(report: Report, index: int, pixels: Pixels, provenance: Provenance) -> Dataset:
    medium = report.media[index]
    uid = UID(identity.instance_uid(report.report_id, medium.path, pixels.reason))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(SOP_CLASS)
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = UID(pixels.transfer_syntax)
    meta.ImplementationClassUID = UID(identity.IMPLEMENTATION_CLASS)
    meta.ImplementationVersionName = identity.IMPLEMENTATION_VERSION
    dataset = FileDataset("", {}, file_meta=meta)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = UID(SOP_CLASS)
    dataset.SOPInstanceUID = uid
    _patient(dataset, report)
    _study(dataset, report, provenance)
    _taken(dataset, report, index)
    _site(dataset, report)
    _image(dataset, pixels)
    dataset.ImageComments = words.paragraphs(
        " ".join(provenance.sentences(report.author)), medium.caption, report.notes
    )
    return dataset


def _patient(dataset: Dataset, report: Report) -> None:
    patient = report.patient
    dataset.PatientName = words.person(patient.name)
    dataset.PatientID = words.identifier(patient.record_number)
    dataset.PatientBirthDate = (patient.birth_date or "").replace("-", "")
    dataset.PatientSex = ""
    whole = []
    if str(dataset.PatientName) != patient.name.strip():
        whole.append(f"Name: {patient.name}")
    if dataset.PatientID != patient.record_number.strip():
        whole.append(f"Record number: {patient.record_number}")
    if whole:
        dataset.PatientComments = words.paragraphs(*whole)


def _study(dataset: Dataset, report: Report, provenance: Provenance) -> None:
    sender = provenance.sender if provenance.confirmed else None
    dataset.StudyInstanceUID = UID(identity.study_uid(report.report_id))
    dataset.SeriesInstanceUID = UID(identity.series_uid(report.report_id))
    dataset.StudyID = report.report_id[:SH_BYTES]
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.SeriesNumber = 1
    dataset.Modality = MODALITY
    dataset.Manufacturer = ""
    dataset.OperatorsName = words.person(sender.name) if sender else ""
    if sender and sender.institution:
        dataset.InstitutionName = words.line(sender.institution)


def _taken(dataset: Dataset, report: Report, index: int) -> None:
    """All times are in the time zone of the report, given in Timezone Offset From UTC."""
    whole = parse_time(report.captured_at)
    taken = parse_time(report.media[index].captured_at or report.captured_at).astimezone(whole.tzinfo)
    dataset.StudyDate, dataset.StudyTime = _day(whole), _time(whole)
    dataset.ContentDate, dataset.ContentTime = _day(taken), _time(taken)
    dataset.AcquisitionDate, dataset.AcquisitionTime = _day(taken), _time(taken)
    dataset.TimezoneOffsetFromUTC = _offset(whole)
    dataset.InstanceNumber = index + 1


def _day(moment: datetime) -> str:
    return f"{moment.year:04}{moment.month:02}{moment.day:02}"


def _time(moment: datetime) -> str:
    return f"{moment.hour:02}{moment.minute:02}{moment.second:02}"


def _offset(moment: datetime) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _site(dataset: Dataset, report: Report) -> None:
    """The body site in the sender's words, and as a code where the words are unambiguous."""
    side = report.laterality.value if report.laterality else ""
    said = ", ".join(part for part in (report.body_site, side if side != "none" else "") if part)
    if said:
        dataset.SeriesDescription = words.line(said)
    located = locate(report.body_site, report.laterality)
    if located is not None and located.side:
        dataset.ImageLaterality = _SIDES[located.side]
    else:
        dataset.Laterality = ""  # which General Series wants to be there, unknown, when no image says it
    if located is not None and located.region:
        _region(dataset, located.region)


def _region(dataset: Dataset, region: Region) -> None:
    code = CODES[region]
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, "SCT", code.meaning
    dataset.AnatomicRegionSequence = Sequence([item])
    if code.body_part:
        dataset.BodyPartExamined = code.body_part


def _image(dataset: Dataset, pixels: Pixels) -> None:
    frame, reason = pixels.frame, pixels.reason
    samples = len(frame.components)
    dataset.ImageType = ["DERIVED" if reason else "ORIGINAL", "PRIMARY"]
    dataset.AcquisitionContextSequence = Sequence([])
    dataset.PatientOrientation = ""
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = pixels.photometric_interpretation
    if samples > 1:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = frame.rows, frame.columns
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    if reason:
        dataset.DerivationDescription = reason.derivation
    if frame.is_lossless:
        dataset.LossyImageCompression = "00"
    else:
        dataset.LossyImageCompression = "01"
        dataset.LossyImageCompressionMethod = "ISO_10918_1"
        ratio = frame.rows * frame.columns * samples / pixels.size
        dataset.LossyImageCompressionRatio = f"{ratio:.2f}"
