import Checkpoint
import Devices
import Formats
import Support

/// From documents to z, spread over a group: every worker ends with the whole batch, whatever part of it it computed.
///
/// Two parts as in the original: coarse (x̂, the intermediate representation, which searches and later modules take up) and
/// fine (z, what classifiers see). Used by one thread of its worker.
package protocol GroupEncoder: AnyObject {
    /// Where its tensors, and those that it is given, live.
    var device: any Device { get }
    /// Dimensions of x̂.
    var intermediateDims: Int { get }
    /// Dimensions of z.
    var outputDims: Int { get }
    /// The coarse part is trained; else it is fixed, without dropout.
    var trainsCoarse: Bool { get }

    /// z of the batch: its first rows; rows×D with padding, which stays zero.
    ///
    /// - Parameter step: the step whose dropout is drawn, in training; nil at prediction, after `prepareForPrediction`.
    func forward(_ batch: DocumentBatch, step: Int?, z: Tensor) throws

    /// x̂ of the batch without dropout, as z.
    func intermediate(_ batch: DocumentBatch, x: Tensor) throws

    /// The backward pass and the optimiser's step, given ∂z of the batch that `forward` saw last. May overwrite `dz`.
    func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws

    /// Call once between training and `forward` without a step.
    func prepareForPrediction()

    /// Parameters, and where asked their moments.
    func storedArrays(moments: Bool) -> [StoredArray]
    func restore(_ reader: CheckpointReader, moments: Bool) throws

    /// The parameters of the coarse part, what module I is trained for.
    func storedCoarse() -> [StoredArray]
    func restoreCoarse(_ reader: CheckpointReader) throws
    /// Takes the coarse part's parameters of an encoder of the same kind.
    func copyCoarse(from other: any GroupEncoder)
}

/// Some documents of a data set.
package struct DocumentBatch {
    /// N×V, or N×D where features are dense.
    package let features: CSRMatrix
    /// The rows of `features`, by number: the keys of the dropout streams.
    package let docs: [Int32]

    package init(features: CSRMatrix, docs: [Int32]) {
        self.features = features
        self.docs = docs
    }

    package var rows: Int { docs.count }
}
