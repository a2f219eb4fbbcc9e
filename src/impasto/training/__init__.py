"""Training of what the package bundles; needs torch, numpy, pillow and safetensors, no more."""
