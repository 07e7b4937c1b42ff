"""Mistakes that translators make in client/texts/ are each named by file and key, in tests and in the build."""

from __future__ import annotations

import shutil
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from picsafe_client.i18n.translations import FOLDER, TEXTS
from picsafe_client.i18n.translations.checks import faults
from picsafe_client.i18n.translations.reader import TextsUnreadable, read_texts
from scripts.clientbuild.texts import TRANSLATIONS, compiled_texts
from scripts.clientbuild.toolchain import BuildFailed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of all texts, to make mistakes in."""
    return Path(shutil.copytree(FOLDER, tmp_path / "client" / "texts"))


def replace(path: Path, begins: str, line: str) -> None:
    """Put `line` in the place of the one line that begins with `begins`."""
    lines = path.read_text("utf-8").splitlines()
    (at,) = [number for number, each in enumerate(lines) if each.startswith(begins)]
    lines[at] = line
    path.write_text("\n".join(lines) + "\n", "utf-8")


def imported(folder: Path) -> object:
    """`TEXTS` of the module that the build has put into `folder`."""
    spec = spec_from_file_location("compiled", folder / TRANSLATIONS.with_suffix(".py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TEXTS


MISTAKES = {
    "a value is missing": (
        ('"account.sign_out_device" =', '"account.sign_out_device" = "Gerät abmelden"'),
        ["de/account.toml: account.sign_out_device: does not fill in {device}"],
    ),
    "a value is translated": (
        ('"account.sign_out_device" =', '"account.sign_out_device" = "{gerät} abmelden"'),
        [
            "de/account.toml: account.sign_out_device: does not fill in {device}",
            "de/account.toml: account.sign_out_device: fills in {gerät}, which English does not",
        ],
    ),
    "a value is missing in one form": (
        ('"account.locks".other =', '"account.locks".other = "Sie sperrt sich von selbst."'),
        ["de/account.toml: account.locks: in the form other does not fill in {count}"],
    ),
    "a brace is open": (
        ('"account.sign_out_device" =', '"account.sign_out_device" = "{device abmelden"'),
        ["de/account.toml: account.sign_out_device: has a brace that is not one of a pair around a name"],
    ),
    "a value has no name": (
        ('"account.sign_out_device" =', '"account.sign_out_device" = "{} abmelden"'),
        ["de/account.toml: account.sign_out_device: has a brace that is not one of a pair around a name"],
    ),
    "a key is missing": (
        ('"account.title" =', ""),
        ["de/account.toml: account.title: is missing; English has “Account”"],
    ),
    "a key is mistyped": (
        ('"account.title" =', '"account.titel" = "Konto"'),
        [
            "de/account.toml: account.title: is missing; English has “Account”",
            "de/account.toml: account.titel: is not a key of English; is account.title meant?",
        ],
    ),
    "a plural form of another language": (
        ('"account.locks".one =', '"account.locks".few = "Sie sperrt sich nach {count} Minuten."'),
        ["de/account.toml: account.locks: has the plural forms few, other; Deutsch needs one, other"],
    ),
    "a plural form is missing": (
        ('"account.locks".one =', ""),
        ["de/account.toml: account.locks: has the plural forms other; Deutsch needs one, other"],
    ),
    "no plural forms": (
        ('"inbox.count".one =', '"inbox.count" = "{count} Berichte"'),
        ["de/inbox.toml: inbox.count: depends on a number in English; Deutsch needs the plural forms one, other"],
    ),
    "plural forms where English has none": (
        ('"account.title" =', '"account.title".other = "Konto"'),
        ["de/account.toml: account.title: has plural forms, but does not depend on a number in English"],
    ),
    "an empty text": (
        ('"account.title" =', '"account.title" = ""'),
        ["de/account.toml: account.title: is empty"],
    ),
    "a number instead of a text": (
        ('"account.title" =', '"account.title" = 7'),
        ["de/account.toml: account.title: is not a text in quotation marks"],
    ),
    "a key without quotation marks": (
        ('"account.title" =', 'account.title = "Konto"'),
        [
            'de/account.toml: account: is not a key: keys have dots and are in quotation marks, as in "account.title" = "…"'
        ],
    ),
    "a key twice": (
        ('"account.loading" =', '"account.title" = "Konto"'),
        ["de/account.toml: account.title: is defined twice, the second time in line 4"],
    ),
    "a plural form twice": (
        ('"account.locks".other =', '"account.locks".one = "Sie sperrt sich."'),
        ["de/account.toml: account.locks.one: is defined twice, the second time in line "],
    ),
    "a key in two files": (
        ('"account.title" =', '"account.title" = "Konto"\n"inbox.title" = "Eingang"'),
        ["de/inbox.toml: inbox.title: is already defined in de/account.toml"],
    ),
    "a text without its last quotation mark": (
        ('"account.title" =', '"account.title" = "Konto'),
        ["de/account.toml: account.title: line 3 is not valid TOML: Illegal character '\\n' (at line 3, column 25)"],
    ),
    "a quotation mark within a text": (
        ('"account.title" =', '"account.title" = "Ihr "Konto""'),
        ["de/account.toml: account.title: line 3 is not valid TOML: "],
    ),
    "a line that is no text": (
        ('"account.title" =', "Konto"),
        ["de/account.toml: line 3: "],
    ),
}
"""What a translator did: the beginning of a line of de/ and what stands there instead, and how the faults begin."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_of_translators_are_named_by_file_and_key(folder: Path, mistake: str) -> None:
    (begins, line), expected = MISTAKES[mistake]
    file = folder / "de" / ("inbox.toml" if "inbox.count" in begins else "account.toml")
    replace(file, begins, line)
    if mistake == "no plural forms":
        replace(file, '"inbox.count".other =', "")
    found = faults(folder)
    assert len(found) == len(expected)
    assert all(each.startswith(words) for each, words in zip(found, expected, strict=True)), found


def test_a_text_in_another_file_than_in_english_is_named(folder: Path) -> None:
    replace(folder / "fr" / "account.toml", '"account.title" =', "")
    with (folder / "fr" / "send.toml").open("a", encoding="utf-8") as file:
        file.write('"account.title" = "Compte"\n')
    assert faults(folder) == ["fr/send.toml: account.title: belongs in fr/account.toml, as in English"]


def test_faults_of_several_files_are_reported_together(folder: Path) -> None:
    replace(folder / "de" / "account.toml", '"account.title" =', '"account.title" = Konto')
    replace(folder / "fr" / "inbox.toml", '"inbox.title" =', '"inbox.title" = Rapports')
    (folder / "fr" / "send.toml").write_bytes('"send.title" = "Envoyé"\n'.encode("latin-1"))
    with pytest.raises(TextsUnreadable) as caught:
        read_texts(folder)
    beginnings = [
        "de/account.toml: account.title: ",
        "fr/inbox.toml: inbox.title: ",
        "fr/send.toml: is not saved as UTF-8",
    ]
    assert all(each.startswith(words) for each, words in zip(caught.value.faults, beginnings, strict=True))


def test_a_language_that_is_not_complete_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "fr")
    (folder / "it").mkdir()
    (folder / "it" / "inbox.toml").write_text('"inbox.title" = "In arrivo"\n', "utf-8")
    assert faults(folder) == [
        "it: is a folder without its language in i18n/catalogue.py",
        "fr: has no folder of texts",
    ]


def test_editors_of_windows_do_no_harm(folder: Path) -> None:
    path = folder / "de" / "inbox.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert faults(folder) == []
    assert read_texts(folder) == read_texts(FOLDER)


def test_the_page_has_the_texts_that_the_files_have(folder: Path, tmp_path: Path) -> None:
    for path, content in compiled_texts(folder.parent).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, "utf-8")
    assert imported(tmp_path) == TEXTS


def test_the_built_page_has_compiled_texts_and_no_reader(built_client: Path, tmp_path: Path) -> None:
    (archive,) = built_client.glob("assets/site-packages.*.zip")
    with zipfile.ZipFile(archive) as packages:
        found = [name for name in packages.namelist() if "translations" in name or name.endswith(".toml")]
        packages.extractall(tmp_path, found)
    assert found == [f"{TRANSLATIONS.as_posix()}.json", f"{TRANSLATIONS.as_posix()}.py"]
    assert imported(tmp_path) == TEXTS


def test_the_build_refuses_texts_with_a_fault(folder: Path) -> None:
    replace(folder / "de" / "account.toml", '"account.title" =', "")
    with pytest.raises(BuildFailed, match=r"de/account.toml: account.title: is missing"):
        compiled_texts(folder.parent)
