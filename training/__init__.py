"""How the model is made: data, pretraining, fine-tuning, evaluation, calibration and export."""
