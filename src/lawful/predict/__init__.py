"""Is it signal? What is its energy?"""

from lawful.predict.classifier import Classifier
from lawful.predict.comparing import Comparison, compare
from lawful.predict.object_regressor import ObjectRegressor
from lawful.predict.regressor import Regressor
from lawful.predict.searching import Search, search
from lawful.predict.searching_rates import LearningRates, learning_rates
from lawful.predict.segmenter import Segmenter
from lawful.predict.transferring import stages, transfer

__all__ = [
    "Classifier",
    "Comparison",
    "LearningRates",
    "ObjectRegressor",
    "Regressor",
    "Search",
    "Segmenter",
    "compare",
    "learning_rates",
    "search",
    "stages",
    "transfer",
]
