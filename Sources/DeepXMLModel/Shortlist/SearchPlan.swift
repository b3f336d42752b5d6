import Devices
import Support

/// Which search a job uses, and why.
///
/// The choice depends on the size of the whole search, not on ranks or threads: give it the whole job's numbers, or
/// results would change with the number of workers.
public struct SearchPlan: Sendable, Equatable {
    public enum Method: String, Sendable { case exact, graph }

    public let method: Method
    public let settings: GraphSettings
    /// A line for the log.
    public let reason: String

    /// Flop/s of one core (AMD EPYC, AVX-512, D 300): the tiled kernel with selection, and a graph's scattered reads.
    private static let exactRate = 7e10, graphRate = 5e9

    /// Compares the time one core would need for each.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public static func choose(queries: Int, database: Int, dims: Int, M: Int, efC: Int, efS: Int) -> SearchPlan {
        let settings = GraphSettings(M: M, efC: efC, efS: efS)
        let exact = Self.exactSeconds(queries: queries, database: database, dims: dims)
        let graph = Self.graphSeconds(queries: queries, database: database, dims: dims, settings)
        let method: Method = exact <= graph ? .exact : .graph
        return SearchPlan(
            method: method, settings: settings,
            reason: "\(method.rawValue) search of \(database) vectors by \(queries) queries: exact \(seconds(exact)), "
                + "graph \(seconds(graph)) on one core, estimated")
    }

    /// The same search by a method that was chosen before.
    public func using(_ method: Method) -> SearchPlan { SearchPlan(method: method, settings: settings, reason: reason) }

    /// The planned search over `database`, M×D.
    ///
    /// - Parameter progress: counts the vectors of a graph.
    public func search(
        over database: Tensor, firstId: Int = 0, seed: Int, on device: any Device, _ progress: ProgressStage = .none
    ) throws -> any NeighbourSearch {
        switch method {
        case .exact: device.exactSearch(over: database, firstId: firstId)
        case .graph:
            try device.graphSearch(
                over: database, firstId: firstId, settings: settings, parts: 1, seed: seed, progress: progress)
        }
    }

    /// Product of all pairs at the rate that the tiled kernel keeps, selection included.
    private static func exactSeconds(queries: Int, database: Int, dims: Int) -> Double {
        2 * Double(queries) * Double(database) * Double(dims) / exactRate
    }

    private static func graphSeconds(queries: Int, database: Int, dims: Int, _ settings: GraphSettings) -> Double {
        let building = Double(database) * distances(database, width: settings.efC, M: settings.M)
        let searching = Double(queries) * distances(database, width: settings.efS, M: settings.M)
        return (building + searching) * 2 * Double(dims) / graphRate
    }

    /// Vectors that one search of a graph looks at: those linked to the `width` candidates it keeps, but none twice.
    /// Within 35 % of the counts measured for 4,000 to 50,000 vectors, M 50 and 100, widths 50 to 400.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private static func distances(_ database: Int, width: Int, M: Int) -> Double {
        let linked = Double(width) * Double(M)
        let all = Double(database)
        return all * linked / (all + linked)
    }

    private static func seconds(_ value: Double) -> String {
        value < 10 ? "\((value * 100).rounded() / 100) s" : "\(Int(value)) s"
    }
}
