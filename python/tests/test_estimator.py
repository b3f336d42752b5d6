"""The estimator with scikit-learn's tools."""

import os

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


def test_labels_other_than_0_and_1_are_refused(data):
    X, Y = data
    signs = 2 * Y.toarray() - 1
    for labels in (signs, signs[:, :1], sp.csr_matrix(signs), 2 * Y):
        with pytest.raises(ValueError, match="zeros and ones"):
            DeepXMLClassifier(seeds=[1]).fit(X, labels)


def test_scores_need_all_labels(data):
    X, Y = data
    estimator = DeepXMLClassifier(framework="DiSMEC", seeds=[1]).fit(X, Y)
    for labels in (Y[:, :3], Y[:5]):
        with pytest.raises(ValueError, match="a column for each label"):
            estimator.score(X, labels)
    # The threshold is a float32, as scores are.
    scores = estimator.decision_function(X)
    score = next(np.float64(str(x)) for x in scores.data if np.float64(str(x)) > np.float64(x))
    estimator.threshold = score
    assert estimator.predict(X).nnz == (scores.data >= np.float32(score)).sum()


def test_matrices_stay_as_they_are(data):
    X, Y = data
    # A label that is 0 and stored, and columns that descend.
    X = sp.csr_matrix((X[:60].data, X[:60].indices[::-1] * 0 + 5, X[:60].indptr), (60, 80))
    Y = sp.csr_matrix((np.r_[Y[:60].data, 0], np.r_[Y[:60].indices, 3], np.r_[Y[:60].indptr[:-1], Y[:60].nnz + 1]), (60, 20))
    arrays = [array for m in (X, Y) for array in (m.data, m.indices, m.indptr)]
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    DeepXMLClassifier(framework="DiSMEC", seeds=[1]).fit(X, Y).score(X, Y)
    after = [array for m in (X, Y) for array in (m.data, m.indices, m.indptr)]
    assert all(np.array_equal(a, b) for a, b in zip(after, before))


def test_one_work_folder_serves_many_fits(data, tmp_path):
    from sklearn.model_selection import cross_val_score

    X, Y = data
    estimator = DeepXMLClassifier(framework="DiSMEC", seeds=[1], work=tmp_path, settings={"dismec.C": np.int64(1)})
    assert cross_val_score(estimator, X, Y.toarray(), cv=2).min() > 0.5
    folders = sorted(os.listdir(tmp_path))
    assert len(folders) == 2
    fitted = estimator.fit(X, Y).model_.folder
    assert sorted(os.listdir(tmp_path)) != folders
    # The same call finds its own files, whatever the number of threads.
    assert estimator.set_params(threads=1).fit(X, Y).model_.folder == fitted
    assert estimator.set_params(seeds=[2]).fit(X, Y).model_.folder != fitted
    assert len(os.listdir(tmp_path)) == 4


@pytest.mark.parametrize("options", [{"framework": "Slice"}, {"framework": "Slice", "settings": {"global.feature_type": "dense"}}])
def test_dense_features(data, options):
    X, Y = (matrix[:100].toarray() for matrix in data)
    estimator = DeepXMLClassifier(seeds=[1], **options).fit(X - 0.1, Y)
    assert estimator.predict(X - 0.1).shape == Y.shape
    assert estimator.score(X - 0.1, Y) > 0.3


def test_sequences_need_an_order(data):
    X, Y = data
    with pytest.raises(ValueError, match="have an order"):
        DeepXMLClassifier(settings={"global.feature_type": "sequential"}).fit(X.tocoo(), Y)


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
