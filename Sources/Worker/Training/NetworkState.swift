import Buffers
import Checkpoint
import DeepXMLModel

/// A network's parameters and moments as arrays of a checkpoint: columns of E, R whole, rows of W.
extension Network {
    func storedArrays(moments: Bool = true) -> [StoredArray] {
        var arrays: [StoredArray] = []
        let columns = Placement.columns(start: encoder.columns.lowerBound, total: shape.dims)
        if shape.trainsEncoder { arrays += encoder.table.stored("encoder", columns, moments: moments) }
        if let residual {
            arrays += residual.weight.stored("residual.weight", .replicated, moments: moments)
            arrays += residual.bias.stored("residual.bias", .replicated, moments: moments)
            arrays.append(StoredArray("residual.u", residual.norm.u))
            arrays.append(StoredArray("residual.v", residual.norm.v))
        }
        let rows = Placement.rows(start: classifier.labels.lowerBound, total: labelShards.labels)
        arrays += classifier.weight.stored("classifier.weight", rows, moments: moments)
        arrays += classifier.bias.stored("classifier.bias", rows, moments: moments)
        return arrays
    }

    /// Takes its part of the arrays of a checkpoint, which may come from another number of workers.
    func restore(_ reader: CheckpointReader, moments: Bool = true) throws {
        if shape.trainsEncoder {
            try encoder.table.restore("encoder", moments: moments) { try reader.columns($0, encoder.columns) }
        }
        if let residual {
            try residual.weight.restore("residual.weight", moments: moments) { try reader.replicated($0) }
            try residual.bias.restore("residual.bias", moments: moments) { try reader.replicated($0) }
            residual.norm.u.copy(from: try reader.replicated("residual.u"))
            residual.norm.v.copy(from: try reader.replicated("residual.v"))
        }
        try classifier.weight.restore("classifier.weight", moments: moments) { try reader.rows($0, classifier.labels) }
        try classifier.bias.restore("classifier.bias", moments: moments) { try reader.rows($0, classifier.labels) }
    }
}

extension Parameter {
    func stored(_ name: String, _ placement: Placement, moments: Bool) -> [StoredArray] {
        let value = StoredArray(name, self.value, placement)
        guard moments else { return [value] }
        return [value, StoredArray(name + ".m", firstMoment, placement), StoredArray(name + ".v", secondMoment, placement)]
    }

    func restore(_ name: String, moments: Bool, read: (String) throws -> Buffer<Float>) throws {
        value.buffer.copy(from: try read(name))
        guard moments else { return }
        firstMoment.buffer.copy(from: try read(name + ".m"))
        secondMoment.buffer.copy(from: try read(name + ".v"))
    }
}
