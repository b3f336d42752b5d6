/// The form in which a file holds a matrix of features or labels.
public struct MatrixFormat: Sendable, Hashable {
    public enum Layout: String, Sendable, CaseIterable {
        /// `rows cols`, then `column:value …` a row.
        case xcText = "xc"
        /// `rows features labels`, then `label,label feature:value …` a row.
        case oneFile = "one-file"
        /// scipy's CSR (`scipy.sparse.save_npz`).
        case npz
        /// A dense array (`numpy.save`).
        case npy
        /// A pickled scipy CSR matrix or numpy array.
        case pickle = "pkl"
        /// A pickled numpy array, where it matters which of the two is written.
        case densePickle = "pkl-dense"
    }
    public var layout: Layout
    /// Packed by gzip: the text forms only.
    public var isPacked: Bool

    public init(_ layout: Layout, isPacked: Bool = false) {
        self.layout = layout
        self.isPacked = isPacked
    }

    public var isText: Bool { layout == .xcText || layout == .oneFile }
    /// The layout's name with `.gz` where it is packed.
    public var name: String { layout.rawValue + (isPacked ? ".gz" : "") }
    /// Every name that `init(name:)` takes.
    public static var names: [String] {
        Layout.allCases.flatMap { layout in
            [MatrixFormat(layout)] + (MatrixFormat(layout).isText ? [MatrixFormat(layout, isPacked: true)] : [])
        }.map(\.name)
    }

    /// Nil where no format has that name.
    public init?(name: String) {
        guard Self.names.contains(name) else { return nil }
        isPacked = name.hasSuffix(".gz")
        guard let layout = Layout(rawValue: isPacked ? String(name.dropLast(3)) : name) else { return nil }
        self.layout = layout
    }

    /// The format that a file to be written should have by its name's end; nil where that says nothing.
    public init?(extensionOf path: String) {
        let isPacked = path.hasSuffix(".gz")
        let stem = isPacked ? path.dropLast(3) : path[...]
        let byEnd: [(String, Layout)] = [
            (".txt", .xcText), (".npz", .npz), (".npy", .npy), (".pkl", .pickle), (".pickle", .pickle),
        ]
        guard let layout = byEnd.first(where: { stem.hasSuffix($0.0) })?.1, !isPacked || layout == .xcText else { return nil }
        self.init(layout, isPacked: isPacked)
    }
}
