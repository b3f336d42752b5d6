import Config
import DeepXMLModel
import Devices

/// A module's settings in the terms of the maths.
extension ModuleConfig {
    package var lossKind: ClassifierLossKind {
        switch classifier.loss {
        case .bce: .bce
        case .hinge: .hinge
        case .squaredHinge: .squaredHinge
        }
    }

    package var classifierPrecision: ClassifierPrecision {
        switch classifier.precision {
        case .float32: .float32
        case .bfloat16: .bfloat16
        }
    }

    /// Of the classifiers.
    package var optimiser: OptimiserSettings {
        let kind: OptimiserSettings.Kind =
            switch optimisation.optimiser {
            case .adam: .adam
            case .sgd: .sgd
            }
        return OptimiserSettings(kind: kind, momentum: optimisation.momentum, weightDecay: optimisation.weightDecay)
    }

    package var encoderOptimiser: OptimiserSettings {
        var settings = optimiser
        settings.rateFactor = optimisation.encoderRate
        return settings
    }
}
