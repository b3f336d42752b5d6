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
    /// - Parameters:
    ///   - step: the step whose dropout is drawn, in training; nil at prediction, after `prepareForPrediction`.
    ///   - meanwhile: called once, best while z is on its way: it must not read z.
    func forward(_ batch: DocumentBatch, step: Int?, z: Tensor, meanwhile: () throws -> Void) throws

    /// x̂ of the batch without dropout, as z.
    func intermediate(_ batch: DocumentBatch, x: Tensor) throws

    /// A tensor for z, as `forward` best has it: rows×D with padding.
    func outputTensor(rows: Int) -> Tensor

    /// What this worker must get of ∂z.
    var gradientParts: GradientParts { get }

    /// Some floats of ∂z of the batch that `forward` saw last, padding among them, are there; `backward` comes when all are.
    func take(gradient dz: Tensor, floats: Range<Int>)

    /// The backward pass and the optimiser's step, given ∂z of the batch that `forward` saw last. May overwrite `dz`.
    func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws

    /// Ends the last step: parts of its backward pass may still be on their way. Before parameters are read; all workers of the
    /// group call it.
    func settle() throws

    /// Call once between training and `forward` without a step, after `settle`.
    func prepareForPrediction()

    /// Parameters, and where asked their moments. Collective.
    func storedArrays(moments: Bool) throws -> [StoredArray]
    /// Takes what the checkpoint has of the encoder.
    func restore(_ reader: CheckpointReader, moments: Bool) throws
    /// What is not among `storedArrays` because it does not learn.
    func storedFixed() -> [StoredArray]

    /// The parameters of the coarse part, what module I is trained for.
    func storedCoarse() -> [StoredArray]
    func restoreCoarse(_ reader: CheckpointReader) throws
    /// Takes the coarse part's parameters of an encoder of the same kind.
    func copyCoarse(from other: any GroupEncoder)
}

/// What of ∂z of a batch a worker's encoder gets.
package enum GradientParts: Equatable {
    /// All of it, in `take` and `backward`.
    case whole
    /// All of it in `backward`; `take` is called for a part of its own, and by the other workers for the rest.
    case shared
    /// Its slice of the batch's rows alone.
    case rows
}

/// What an encoder makes of a document.
public enum Representation: String, CaseIterable, Sendable {
    /// x̂: what nearest neighbours are searched by.
    case intermediate
    /// z: what the classifiers see.
    case final
}

extension GroupEncoder {
    package func outputTensor(rows: Int) -> Tensor { device.paddedTensor(rows: rows, dims: outputDims) }
    package var gradientParts: GradientParts { .whole }
    package func take(gradient dz: Tensor, floats: Range<Int>) {}
    package func settle() throws {}

    package func dims(of representation: Representation) -> Int {
        representation == .final ? outputDims : intermediateDims
    }

    /// Calls `body` with the representation of all documents, batch by batch and without dropout. Every worker of the encoder's
    /// group calls it, after `prepareForPrediction`.
    ///
    /// - Parameters:
    ///   - docs: rows of `features`.
    ///   - room: as many rows as a batch may have, ×D with padding.
    ///   - body: gets the batch, its place in `docs`, and its rows of `room`.
    package func forEachBatch(
        _ docs: [Int32], of features: CSRMatrix, _ representation: Representation, into room: Tensor,
        _ body: (_ batch: DocumentBatch, _ place: Range<Int>, _ encoded: Tensor) throws -> Void
    ) throws {
        for from in stride(from: 0, to: docs.count, by: max(1, room.rows)) {
            let place = from..<min(from + room.rows, docs.count)
            let batch = DocumentBatch(features: features, docs: Array(docs[place]))
            switch representation {
            case .intermediate: try intermediate(batch, x: room)
            case .final: try forward(batch, step: nil, z: room) {}
            }
            try body(batch, place, room.rows(0..<place.count))
        }
    }
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
