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
            case .adamW: .adamW
            case .sgd: .sgd
            }
        return OptimiserSettings(
            kind: kind, momentum: optimisation.momentum, weightDecay: optimisation.weightDecay, epsilon: optimisation.epsilon)
    }

    /// - Parameter labels: L, over which losses are means.
    package func encoderOptimiser(labels: Int) -> OptimiserSettings {
        var settings = optimiser
        settings.rateFactor = optimisation.encoderRate
        settings.tokenRate = optimisation.tokenRate
        settings.layerDecay = optimisation.layerDecay
        if optimisation.clipNorm > 0 { settings.clipNorm = optimisation.clipNorm / Double(max(labels, 1)) }
        return settings
    }
}
