"""Models that every study can be compared with."""

from typing import Any

from lawful.studies.schema import Study


def make_yardstick(name: str, study: Study) -> Any:
    """An unfitted estimator: our linear net, or scikit-learn's histogram gradient boosting with early stopping."""
    seed = study.training.seed
    if name == "gradient-boosted trees":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        kind = HistGradientBoostingClassifier if study.model.question == "classify" else HistGradientBoostingRegressor
        return kind(early_stopping=True, random_state=seed)
    from lawful.predict import Classifier, Regressor

    linear = Classifier if study.model.question == "classify" else Regressor
    return linear("linear", missing="mark", learning_rate=0.01, seed=seed, verbose=False)
