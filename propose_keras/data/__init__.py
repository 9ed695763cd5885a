"""Readers, cameras, synthetic motion and in-memory arrays: NumPy only.

Nothing here imports Keras, so that Beam workers and `tfds build` load fast.
"""
