"""The contract that training and serving share; needs numpy, tokenizers and onnxruntime only."""
