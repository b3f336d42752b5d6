"""Train and use the extreme multi-label classifiers of deepxml-dist.

``train`` writes the data where the program reads them, runs it, on several ranks if asked, and returns a ``Model``. ``Model.load`` opens
a trained learner or ensemble and predicts through one long-lived process. ``DeepXMLClassifier`` is an estimator for scikit-learn.
"""

from .errors import DamagedModelError, DeepXMLError, OutOfResourcesError, StoppedError, UsageError
from .estimator import DeepXMLClassifier
from .model import Model
from .training import train

__all__ = [
    "DamagedModelError",
    "DeepXMLClassifier",
    "DeepXMLError",
    "Model",
    "OutOfResourcesError",
    "StoppedError",
    "UsageError",
    "train",
]
__version__ = "0.1.0"
