"""Suffix array by libdivsufsort: suffix.py FILE REPEAT, prints {"seconds": median processor seconds}.

FILE holds tokens as big-endian byte pairs: in that form the order of the suffixes at even places is the order of the tokens' suffixes.
"""
import json
import sys
import time

import pydivsufsort

with open(sys.argv[1], "rb") as file:
    text = file.read()
times = []
for _ in range(int(sys.argv[2])):
    start = time.process_time()
    pydivsufsort.divsufsort(text)
    times.append(time.process_time() - start)
print(json.dumps({"seconds": sorted(times)[len(times) // 2]}))
