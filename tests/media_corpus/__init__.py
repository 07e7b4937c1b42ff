"""Files of many writers, and damage to them: does cleaning ever change what is shown or played?

One `Container` per kind of file. It names the programs that write its files, which are made once into `build/media_corpus`,
and a decoder that is not ours. `measure.run` mutates the files by seed, cleans what comes out and compares what the decoder
shows of the original and of the copy. `python -m tests.media_corpus jpeg png` runs as many mutations as wanted.
"""
