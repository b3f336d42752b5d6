import Config
import DeepXMLModel
import Devices
import Support

/// Which representation of documents a search is over, and how it is computed.
package struct Encoding {
    package enum Layer { case intermediate, final }

    package let encoder: any GroupEncoder
    /// x̂ or z.
    package let layer: Layer
    /// The most documents that the encoder takes at once.
    package let batchSize: Int

    /// What the shortlists of a module are searched by.
    package init(_ encoder: any GroupEncoder, _ section: ModuleConfig) {
        self.encoder = encoder
        layer = section.useIntermediateForShorty ? .intermediate : .final
        batchSize = section.batchSize
    }

    package var dims: Int { layer == .intermediate ? encoder.intermediateDims : encoder.outputDims }

    /// Unit vectors (rows×ld) of the documents, without dropout; on every worker of the encoder's group, which all call it.
    package func unitRows(_ docs: [Int32], of features: CSRMatrix, team: ThreadTeam) throws -> DenseMatrix {
        let ld = paddedWidth(dims), all = DenseMatrix(rows: docs.count, cols: ld)
        let device = encoder.device, part = device.paddedTensor(rows: min(batchSize, docs.count), dims: dims)
        for from in stride(from: 0, to: docs.count, by: batchSize) {
            let ids = Array(docs[from..<min(from + batchSize, docs.count)])
            let batch = DocumentBatch(features: features, docs: ids)
            switch layer {
            case .intermediate: try encoder.intermediate(batch, x: part)
            case .final: try encoder.forward(batch, step: nil, z: part)
            }
            device.withHost(part.rows(0..<ids.count).withPadding, .read) {
                all.row(from).update(from: $0.pointer, count: $0.count)
            }
        }
        makeUnitRows(all, team: team)
        return all
    }
}
