import Datasets
import DeepXMLModel
import Devices
import Support
import Training

/// Classifiers that score every label of every document (DeepXML-OVA): each worker has the best of its own labels.
package struct OneVsAllStage: ExhaustiveStage {
    package let context: LearnerContext
    package let network: Network
    package let queries: CSRMatrix

    package init(
        context: LearnerContext, network: Network, queries: CSRMatrix
    ) {
        self.context = context
        self.network = network
        self.queries = queries
    }

    package var group: WorkerGroup { context.group }
    package var data: XCDataset { context.data }
    package var labels: Range<Int> { context.labels }
    package var topK: Int { context.config.global.topK }

    package func best(_ k: Int, docs: [Int32], features: CSRMatrix) throws -> TopK {
        let lists = TopK(rows: docs.count, k: k)
        try network.forEachBatch(docs, of: features) { _, place, z in
            lists.replace(from: place.lowerBound, with: network.device.bestLabels(network.classifier, z: z, k: k))
        }
        return lists
    }
}
