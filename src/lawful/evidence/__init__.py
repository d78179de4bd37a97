"""Metrics with intervals, figures, and the report: the measured grounds for believing a result."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.evidence.attribution.attention import Attention, attention
    from lawful.evidence.attribution.embedding import embed, embedding_figure
    from lawful.evidence.attribution.gradients import integrated_gradients, saliency
    from lawful.evidence.attribution.jets import jet_attribution
    from lawful.evidence.attribution.occlusion import occlusion
    from lawful.evidence.attribution.result import Attribution
    from lawful.evidence.calibration import (
        brier,
        calibration_chi2,
        calibration_curve,
        calibration_error,
        calibration_noise,
        expected_calibration_error,
        log_loss,
    )
    from lawful.evidence.decisions import accuracy, confusion_matrix, counts
    from lawful.evidence.examination import examine
    from lawful.evidence.importance import permutation_importance
    from lawful.evidence.manyclass import macro_auc, one_vs_rest_auc
    from lawful.evidence.ranking import auc, average_precision, precision_recall, rejection, roc
    from lawful.evidence.regression import (
        bias,
        mae,
        pulls,
        r2,
        residuals,
        resolution,
        resolution_68,
        rmse,
        weighted_quantile,
    )
    from lawful.evidence.report import Report
    from lawful.evidence.resampling import Measured, bootstrap, difference, each_toy, interval
    from lawful.evidence.shapes import jensen_shannon
    from lawful.evidence.significance import asimov_significance, scan_significance

_HOME = {
    "Attention": "attribution.attention",
    "Attribution": "attribution.result",
    "Measured": "resampling",
    "Report": "report",
    "accuracy": "decisions",
    "asimov_significance": "significance",
    "attention": "attribution.attention",
    "auc": "ranking",
    "average_precision": "ranking",
    "bias": "regression",
    "bootstrap": "resampling",
    "brier": "calibration",
    "calibration_chi2": "calibration",
    "calibration_curve": "calibration",
    "calibration_error": "calibration",
    "calibration_noise": "calibration",
    "confusion_matrix": "decisions",
    "counts": "decisions",
    "difference": "resampling",
    "each_toy": "resampling",
    "embed": "attribution.embedding",
    "embedding_figure": "attribution.embedding",
    "examine": "examination",
    "expected_calibration_error": "calibration",
    "integrated_gradients": "attribution.gradients",
    "interval": "resampling",
    "jensen_shannon": "shapes",
    "jet_attribution": "attribution.jets",
    "log_loss": "calibration",
    "macro_auc": "manyclass",
    "mae": "regression",
    "occlusion": "attribution.occlusion",
    "one_vs_rest_auc": "manyclass",
    "permutation_importance": "importance",
    "precision_recall": "ranking",
    "pulls": "regression",
    "r2": "regression",
    "rejection": "ranking",
    "residuals": "regression",
    "resolution": "regression",
    "resolution_68": "regression",
    "rmse": "regression",
    "roc": "ranking",
    "saliency": "attribution.gradients",
    "scan_significance": "significance",
    "weighted_quantile": "regression",
}

__all__ = [
    "Attention",
    "Attribution",
    "Measured",
    "Report",
    "accuracy",
    "asimov_significance",
    "attention",
    "auc",
    "average_precision",
    "bias",
    "bootstrap",
    "brier",
    "calibration_chi2",
    "calibration_curve",
    "calibration_error",
    "calibration_noise",
    "confusion_matrix",
    "counts",
    "difference",
    "each_toy",
    "embed",
    "embedding_figure",
    "examine",
    "expected_calibration_error",
    "integrated_gradients",
    "interval",
    "jensen_shannon",
    "jet_attribution",
    "log_loss",
    "macro_auc",
    "mae",
    "occlusion",
    "one_vs_rest_auc",
    "permutation_importance",
    "precision_recall",
    "pulls",
    "r2",
    "rejection",
    "residuals",
    "resolution",
    "resolution_68",
    "rmse",
    "roc",
    "saliency",
    "scan_significance",
    "weighted_quantile",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"lawful.evidence.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'lawful.evidence' has no attribute {name!r}")
