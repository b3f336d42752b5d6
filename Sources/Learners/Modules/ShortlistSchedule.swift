import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Support
import Training

/// Training shortlists of a network whose encoder learns: searched when its epoch begins, and anew every
/// `retrain_hnsw_after` epochs (DESIGN.md §1, DeepXML-ANNS).
package final class ShortlistSchedule: EpochSchedule {
    private let run: NetworkRun
    private let network: Network
    private let loss: ShortlistStep
    private let sizes: ShortlistSizes
    /// Epochs between two searches; nil: the first one's lists are kept.
    private let period: Int?
    /// The epoch at which the lists were searched, and this worker's slice of them.
    private var lists: (epoch: Int, train: TopK)?

    package init(run: NetworkRun, network: Network, loss: ShortlistStep, sizes: ShortlistSizes) {
        self.run = run
        self.network = network
        self.loss = loss
        self.sizes = sizes
        let section = run.config.extreme
        period = section.shortlist.searchesAnew ? section.shortlist.period : nil
    }

    /// The epoch whose beginning the lists of `epoch` come from.
    private func base(of epoch: Int) -> Int { period.map { epoch / $0 * $0 } ?? 0 }

    package func begin(epoch: Int, resumedFrom checkpoint: CheckpointReader?) throws {
        guard lists?.epoch != base(of: epoch) else { return }
        let rows = RowLists(group: run.group, rows: run.data.trainFeatures.rows), train: TopK
        if let checkpoint, checkpoint.contains("negatives.ids") {
            train = try TopK("negatives", from: checkpoint, rows: rows.ownRows)
        } else {
            train = try run.search(network.encoder, says: epoch == 0).lists(run.data.trainFeatures)
        }
        lists = (base(of: epoch), train)
        loss.negatives = try run.own(train, of: rows, for: .training(truth: run.data.trainLabels, sizes: sizes)).negatives!
    }

    /// Nothing at an epoch that begins with a search: what it finds depends on the network alone.
    package func storedArrays(epoch: Int, step: Int) -> [StoredArray] {
        guard let lists, step > 0 || base(of: epoch) != epoch else { return [] }
        return lists.train.stored("negatives", RowLists(group: run.group, rows: run.data.trainFeatures.rows))
    }
}

extension TopK {
    /// This worker's rows of lists in a checkpoint.
    package init(_ name: String, from reader: CheckpointReader, rows: Range<Int>) throws {
        let k = try reader.extent(name + ".ids").cols
        self.init(
            rows: rows.count, k: k, indices: try reader.rows(name + ".ids", rows), scores: try reader.rows(name + ".scores", rows)
        )
    }

    package func stored(_ name: String, _ lists: RowLists) -> [StoredArray] {
        let placement = Placement.rows(start: lists.ownRows.lowerBound, total: lists.rows)
        return [
            StoredArray(name + ".ids", indices, columns: k, placement),
            StoredArray(name + ".scores", scores, columns: k, placement),
        ]
    }
}
