/// The type of a NumPy array's elements: NumPy's code `<f4`, `|b1`, … taken apart.
struct ElementType {
    enum Kind: Character { case boolean = "b", signed = "i", unsigned = "u", float = "f" }

    let kind: Kind
    /// Bytes of an element.
    let width: Int
    /// Big-endian.
    let swapped: Bool

    /// Nil where the elements are no numbers that this program reads.
    init?(_ code: String) {
        let characters = Array(code)
        guard characters.count == 3, "<>=|".contains(characters[0]), let kind = Kind(rawValue: characters[1]),
            let width = characters[2].wholeNumberValue
        else { return nil }
        let widths: [Int] =
            switch kind {
            case .boolean: [1]
            case .signed, .unsigned: [1, 2, 4, 8]
            case .float: [2, 4, 8]
            }
        guard widths.contains(width) else { return nil }
        self.kind = kind
        self.width = width
        swapped = characters[0] == ">" && width > 1
    }
}
