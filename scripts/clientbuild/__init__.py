"""How My PicSafe is built: from client/ and the protocol package to build/client, a folder of files that never change.

::

    toolchain.py    Node and what comes from npm and PyPI, all pinned by lock files
    python_side.py  the protocol wheel, site-packages and the memory snapshot (install.mjs, freeze.mjs, still.mjs, prepare.py)
    dicom_archive.py  the Python that writes DICOM, loaded when it is first used
    joining.py      the scripts and style sheets that a browser starts with, each joined from its parts
    assets.py       content-hashed names, and the references between assets rewritten to them
    page.py         index.html: its texts, its assets, and the tags that start Python
    notices.py      the licence of what is neither ours nor permissive
    worker.py       worker.js: the service worker with the files of its release
    compress.py     .br, .gz and .zst beside every file that gains by it
    cache.py        what earlier builds made and later ones can use again
    bundle.py       the whole: reads the sources, calls the others, writes the folder and its manifest
    fingerprint.py  whether anything that the build reads has changed
    reproducible.py builds twice and compares

`build.py` at the root of the repository is the command.
"""
