import Checkpoint
import Datasets
import DeepXMLModel
import Devices
import Formats
import Support
import Training

/// Classifiers that stand on the texts of their labels: w = v + η, where v is the unit vector that the encoder makes of the text,
/// and η, a residual that starts at zero, is what is trained (after DECAF, WSDM 2021, and SiameseXML, ICML 2021).
///
/// The network's weights are w itself, so that steps, checkpoints and predictions are those of any classifiers: when an epoch begins,
/// v of the encoder as it is then takes the place of the one before. Classifiers of labels without text start as ever. A label that no
/// document of the training file has, only its text, keeps no residual from epoch to epoch, nor at the end: it would be of negatives.
package final class TextClassifiers: EpochSchedule {
    private let network: Network
    /// L×V.
    private let texts: CSRMatrix
    /// A document of the training file has the label.
    private let isSeen: [Bool]
    private let other: (any EpochSchedule)?
    /// v of this worker's labels, as it stands in their weights (×ld); zeros of labels without text.
    private let vectors: Tensor
    private static let name = "classifier.text"

    /// - Parameters:
    ///   - data: with the labels' texts, a row for each label.
    ///   - other: what else changes between epochs.
    package init(network: Network, data: XCDataset, and other: (any EpochSchedule)?) {
        guard let texts = data.labelFeatures, texts.rows == network.labelShards.labels else {
            preconditionFailure("the data set was read without the texts of its labels")
        }
        (self.network, self.texts, self.other) = (network, texts, other)
        isSeen = data.labelIds.array.map { data.labelCounts[Int($0)] > 0 }
        vectors = network.device.tensor(rows: network.classifier.labels.count, cols: network.classifier.ld)
    }

    package func begin(epoch: Int, resumedFrom checkpoint: CheckpointReader?) throws {
        try other?.begin(epoch: epoch, resumedFrom: checkpoint)
        if let checkpoint {
            network.device.upload(try checkpoint.rows(Self.name, network.classifier.labels), to: vectors)
            // Within an epoch the vectors are those with which it began.
            if checkpoint.key.step > 0 { return }
        }
        try move(to: encoded(), isFirst: epoch == 0)
    }

    package func finish() throws {
        try other?.finish()
        try move(to: encoded(), only: { !self.isSeen[$0] })
    }

    package func asFinished<Result>(_ body: () throws -> Result) throws -> Result {
        let device = network.device, weight = network.classifier.weight.value
        let kept = [weight, vectors].map { tensor in
            let copy = device.tensor(rows: tensor.rows, cols: tensor.cols)
            device.copy(tensor, to: copy)
            return copy
        }
        defer {
            device.copy(kept[0], to: weight)
            device.copy(kept[1], to: vectors)
        }
        try move(to: encoded(), only: { !self.isSeen[$0] })
        return try other?.asFinished(body) ?? body()
    }

    package func storedArrays(epoch: Int, step: Int) -> [StoredArray] {
        let rows = Placement.rows(start: network.classifier.labels.lowerBound, total: network.labelShards.labels)
        return [StoredArray(Self.name, network.device.matrix(vectors), rows)]
            + (other?.storedArrays(epoch: epoch, step: step) ?? [])
    }

    /// v of this worker's labels, of the encoder as it is now. Collective: all texts pass by every worker.
    private func encoded() throws -> Tensor {
        let device = network.device, own = network.classifier.labels
        let found = device.tensor(rows: vectors.rows, cols: vectors.cols)
        let labels = (0..<Int32(texts.rows)).filter { !texts.range(Int($0)).isEmpty }
        network.prepareForPrediction()
        try ProgressScope.stage("encoding the labels' texts", of: labels.count, "labels") { progress in
            try network.forEachBatch(labels, of: texts) { batch, place, z in
                let unit = device.tensor(rows: batch.rows, cols: vectors.cols)
                device.copy(z.withPadding, to: unit)
                device.makeUnitRows(unit)
                let pairs = batch.docs.enumerated().filter { own.contains(Int($1)) }.map { row, label in
                    RowPair(from: row, to: Int(label) - own.lowerBound)
                }
                device.copyRows(pairs, of: unit, to: found)
                progress.advance(to: place.upperBound)
            }
        }
        return found
    }

    /// Puts other vectors under the residuals.
    ///
    /// - Parameters:
    ///   - isFirst: they take the place of the weights that were drawn.
    ///   - wanted: the labels that it is done for.
    private func move(to next: Tensor, isFirst: Bool = false, only wanted: (Int) -> Bool = { _ in true }) throws {
        let device = network.device, own = network.classifier.labels, ld = vectors.cols
        try device.withHost([network.classifier.weight.value, vectors, next], .readWrite) { lent in
            let (weight, old, new) = (lent[0], lent[1], lent[2])
            for label in own where !texts.range(label).isEmpty && wanted(label) {
                let from = (label - own.lowerBound) * ld, keepsResidual = isSeen[label] && !isFirst
                for i in from..<from + ld {
                    weight[i] = keepsResidual ? weight[i] + (new[i] - old[i]) : new[i]
                    old[i] = new[i]
                }
            }
        }
    }
}
