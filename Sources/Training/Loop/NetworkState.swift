import Checkpoint
import DeepXMLModel
import Formats
import Support

/// A network's parameters and moments as arrays of a checkpoint: the encoder's, and rows of W.
extension Network {
    package func storedArrays(moments: Bool = true) -> [StoredArray] {
        let rows = Placement.rows(start: classifier.labels.lowerBound, total: labelShards.labels)
        return encoder.storedArrays(moments: moments)
            + classifier.weight.stored("classifier.weight", rows, moments: moments)
            + classifier.bias.stored("classifier.bias", rows, moments: moments)
    }

    /// Takes its part of the arrays of a checkpoint, which may come from another number of workers.
    package func restore(_ reader: CheckpointReader, moments: Bool = true) throws {
        try encoder.restore(reader, moments: moments)
        try classifier.weight.restore("classifier.weight", moments: moments) { try reader.rows($0, classifier.labels) }
        try classifier.bias.restore("classifier.bias", moments: moments) { try reader.rows($0, classifier.labels) }
    }
}

extension Parameter {
    package func stored(_ name: String, _ placement: Placement, moments: Bool) -> [StoredArray] {
        let value = StoredArray(name, self.value, placement)
        guard moments else { return [value] }
        return [value, StoredArray(name + ".m", firstMoment, placement), StoredArray(name + ".v", secondMoment, placement)]
    }

    package func restore(_ name: String, moments: Bool, read: (String) throws -> Buffer<Float>) throws {
        value.buffer.copy(from: try read(name))
        guard moments else { return }
        firstMoment.buffer.copy(from: try read(name + ".m"))
        secondMoment.buffer.copy(from: try read(name + ".v"))
    }
}
