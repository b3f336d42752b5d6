import Synchronization

/// Things that threads borrow, each by one at a time: as many are made as are ever lent at once.
final class Pool<Element: Sendable>: Sendable {
    private let free = Mutex<[Element]>([])

    /// - Parameter fits: which of those that are free will do; `make` makes another where none does.
    func lend<Result>(
        where fits: (Element) -> Bool = { _ in true }, make: () -> Element, _ body: (Element) -> Result
    ) -> Result {
        let found = free.withLock { free in free.lastIndex(where: fits).map { free.remove(at: $0) } }
        let element = found ?? make()
        defer { free.withLock { $0.append(element) } }
        return body(element)
    }
}
