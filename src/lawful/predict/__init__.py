"""Is it signal? What is its energy?"""

from lawful.predict.classifier import Classifier
from lawful.predict.regressor import Regressor

__all__ = ["Classifier", "Regressor"]
