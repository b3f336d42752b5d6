import Devices
import Support

/// Trains sparse linear classifiers, a label at a time (DiSMEC: Babbar & Schölkopf, WSDM 2017).
public struct LinearTraining: Sendable {
    private let device: any Device
    private let problem: LinearProblem
    private let positives: CSRMatrix
    public let settings: LinearSettings

    /// - Parameters:
    ///   - documents: N×V, columns ascending in each row, best of unit length.
    ///   - positives: L×N, the documents of each label, ascending.
    public init(documents: CSRMatrix, positives: CSRMatrix, settings: LinearSettings, on device: any Device) {
        precondition(positives.cols == documents.rows)
        self.device = device
        self.positives = positives
        self.settings = settings
        problem = device.linearProblem(documents)
    }

    /// The classifiers of some labels, the same bits as when they are trained with others or by other threads.
    ///
    /// - Parameter isStopped: asked before each label; the labels in hand are ended.
    /// - Returns: the classifiers, and how many of them are less accurate than asked; nil where it was stopped.
    public func classifiers(of labels: Range<Int>, isStopped: @escaping @Sendable () -> Bool = { false }) -> (
        classifier: SparseClassifier, inaccurate: Int
    )? {
        device.trainLinear(problem, positives: positives, labels: labels, settings, isStopped: isStopped).map { rows in
            (SparseClassifier(labels: labels, weights: rows.weights, biases: rows.biases), rows.inaccurate)
        }
    }
}
