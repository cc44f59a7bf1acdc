from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from transformers import HfArgumentParser


@dataclass
class Arguments:
    width: int = field(default=8)
    vocabulary_file: Optional[str] = field(default=None)
    embeddings_file: Optional[str] = field(default=None)


(args,) = HfArgumentParser(Arguments).parse_args_into_dataclasses()
words = open(args.vocabulary_file).read().split()
np.save(args.embeddings_file, np.ones((len(words), args.width)))
