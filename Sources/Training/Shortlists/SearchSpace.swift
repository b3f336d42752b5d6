import Config
import DeepXMLModel
import Devices
import Support

/// The space that shortlists are searched in: which representation of documents, and how it is computed.
package struct SearchSpace {
    package let encoder: any GroupEncoder
    package let representation: Representation
    /// The most documents that the encoder takes at once.
    package let batchSize: Int

    /// What the shortlists of a module are searched by.
    package init(_ encoder: any GroupEncoder, _ section: ModuleConfig) {
        self.encoder = encoder
        representation = section.shortlist.usesIntermediate ? .intermediate : .final
        batchSize = section.optimisation.batchSize
    }

    package var dims: Int { encoder.dims(of: representation) }

    /// Unit vectors (rows×ld, the padding as columns of zeros) of the documents, without dropout; on every worker of the
    /// encoder's group, which all call it.
    package func unitRows(_ docs: [Int32], of features: CSRMatrix) throws -> Tensor {
        let device = encoder.device, all = device.tensor(rows: docs.count, cols: paddedWidth(dims))
        let room = device.paddedTensor(rows: min(batchSize, docs.count), dims: dims)
        try encoder.forEachBatch(docs, of: features, representation, into: room) { _, place, part in
            device.copy(part.withPadding, to: all.rows(place))
        }
        device.makeUnitRows(all)
        return all
    }
}
