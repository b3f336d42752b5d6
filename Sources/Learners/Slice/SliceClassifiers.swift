import Checkpoint
import Devices
import Support
import Training
import Transport

/// The classifiers of one worker's labels.
struct SliceClassifiers {
    /// This worker's.
    let labels: Range<Int>
    /// Labels of all workers.
    let total: Int
    /// |labels|×D, padded.
    let weights: Tensor
    /// |labels|×1.
    let biases: Tensor
    let device: any Device

    /// Zeros.
    init(labels: Range<Int>, of total: Int, dims: Int, device: any Device) {
        (self.labels, self.total, self.device) = (labels, total, device)
        weights = device.paddedTensor(rows: labels.count, dims: dims)
        biases = device.tensor(rows: labels.count, cols: 1)
    }

    /// As arrays of a checkpoint: rows with their padding.
    func stored() -> [StoredArray] {
        let rows = Placement.rows(start: labels.lowerBound, total: total)
        return [
            StoredArray("classifier.weight", device.matrix(weights.withPadding), rows),
            StoredArray("classifier.bias", device.matrix(biases), rows),
        ]
    }

    /// Takes its rows of a checkpoint, which may come from another number of workers.
    func restore(_ reader: CheckpointReader) throws {
        try device.upload("classifier.weight", of: reader, to: weights.withPadding) { try reader.rows($0, labels) }
        try device.upload("classifier.bias", of: reader, to: biases) { try reader.rows($0, labels) }
    }

    /// The mean length of all labels' classifiers, the weight of the bias feature included: the original's γ, by which a
    /// similarity is brought to the scale of a score. Collective; the same for any number of workers.
    ///
    /// - Parameter bias: the value of the bias feature.
    func meanLength(_ shards: LabelShards, bias: Double, _ group: WorkerGroup) throws -> Double {
        let sums = Buffer<Double>(count: shards.count)
        let blocks = (0..<group.size).map { shards.shards(ofWorker: $0, workers: group.size) }
        let stride = weights.stride, first = labels.lowerBound
        device.withHost(weights.withPadding, .read) { weights in
            device.withHost(biases, .read) { biases in
                for shard in blocks[group.rank] {
                    for label in shards.labels(ofShard: shard) {
                        let row = label - first, last = bias > 0 ? Double(biases[row]) / bias : 0
                        var square = last * last
                        for i in row * stride..<(row + 1) * stride { square += Double(weights[i]) * Double(weights[i]) }
                        sums[shard] += square.squareRoot()
                    }
                }
            }
        }
        try group.communicator.allgather(sums, blocks: blocks)
        return total == 0 ? 0 : sums.array.reduce(0, +) / Double(total)
    }
}
