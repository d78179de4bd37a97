"""Models that every study can be compared with."""

from typing import Any

from lawful.studies.schema import Study


def make_yardstick(name: str, study: Study, targets: int = 1) -> Any:
    """An unfitted estimator: our linear net, or scikit-learn's histogram gradient boosting with early stopping.

    Several targets are learned by as many sets of trees.
    """
    seed, classify = study.training.seed, study.model.question == "classify"
    if name == "gradient-boosted trees":
        if not classify:
            from lawful.studies.boosting import BoostedRegressor

            if targets == 1:
                return BoostedRegressor(seed)
            from sklearn.multioutput import MultiOutputRegressor

            return MultiOutputRegressor(BoostedRegressor(seed))
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(early_stopping=True, random_state=seed)
    from lawful.predict import Classifier, Regressor

    return (Classifier if classify else Regressor)(
        "linear", missing="mark", learning_rate=0.01, seed=seed, verbose=False
    )
