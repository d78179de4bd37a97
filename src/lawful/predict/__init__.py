"""Is it signal? What is its energy?"""

from lawful.predict.classifier import Classifier
from lawful.predict.comparing import Comparison, compare
from lawful.predict.regressor import Regressor

__all__ = ["Classifier", "Comparison", "Regressor", "compare"]
