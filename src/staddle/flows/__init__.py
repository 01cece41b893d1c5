"""One module a verb: data in, data out, reading like the protocol it carries out."""
