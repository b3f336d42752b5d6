import Devices
import Learners
import Support

/// The vectors that another makes, divided by their l2 norm.
public final class UnitVectors: DocumentVectors {
    private let vectors: any DocumentVectors
    private let device: any Device

    public var dims: Int { vectors.dims }

    public init(of vectors: any DocumentVectors, team: ThreadTeam) {
        self.vectors = vectors
        device = CPUDevice(team: team)
    }

    public func encode(_ features: CSRMatrix) throws -> DenseMatrix {
        let rows = device.tensor(try vectors.encode(features))
        device.makeUnitRows(rows)
        return device.matrix(rows)
    }
}
