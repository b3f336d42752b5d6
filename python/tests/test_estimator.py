"""The estimator with scikit-learn's tools."""

import numpy as np
import pytest
import scipy.sparse as sp

sklearn = pytest.importorskip("sklearn")

from deepxml_dist import DeepXMLClassifier  # noqa: E402


def test_fits_predicts_and_scores(data):
    X, Y = data
    estimator = DeepXMLClassifier(seeds=[1]).fit(X, Y)
    scores, labels = estimator.decision_function(X), estimator.predict(X)
    assert scores.shape == labels.shape == Y.shape
    assert set(np.unique(labels.data)) <= {1}
    assert estimator.score(X, Y) > 0.8
    assert ((scores >= 0.5) != (labels > 0)).nnz == 0


def test_model_selection_and_pipelines(data):
    from sklearn.base import clone
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    X, Y = data
    search = GridSearchCV(DeepXMLClassifier(framework="DiSMEC", seeds=[1]), {"settings": [{"dismec.C": 1}, {"dismec.C": 0.01}]}, cv=2)
    search.fit(X, Y)
    assert 0.5 < search.best_score_ <= 1
    pipeline = make_pipeline(TfidfTransformer(), clone(DeepXMLClassifier(seeds=[1], top_k=3)))
    assert pipeline.fit(X, Y).predict(X[:7]).shape == (7, 20)


def test_check_estimator():
    """scikit-learn's own checks; those that cannot hold for sparse multi-label output are named, and no others fail."""
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(DeepXMLClassifier(seeds=[1]), on_fail=None, on_skip=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert sum(result["status"] == "passed" for result in results) >= 40
    assert failed <= EXCEPTIONS.keys(), failed - EXCEPTIONS.keys()


# What scikit-learn's checks ask of other classifiers, and why it does not hold here.
ONE_COLUMN = "classes as one column of names or numbers; labels here are an N×L matrix"
SPARSE = "scores or predictions as dense arrays; N×L numbers would not fit for a million labels, so they are sparse"
EXCEPTIONS = {
    "check_classifier_data_not_an_array": SPARSE,
    "check_classifier_multioutput": SPARSE,
    "check_classifier_not_supporting_multiclass": ONE_COLUMN,
    "check_classifiers_classes": ONE_COLUMN,
    "check_classifiers_multilabel_output_format_decision_function": SPARSE,
    "check_classifiers_multilabel_output_format_predict": SPARSE,
    "check_classifiers_multilabel_representation_invariance": SPARSE,
    "check_classifiers_one_label": ONE_COLUMN,
    "check_classifiers_train": ONE_COLUMN,
}
