/// One line of the table.
func report(_ what: String, _ figure: String, _ bound: String, _ ratio: Double, _ target: String) {
    func fixed(_ x: Double) -> String { String((x * 1000).rounded() / 1000) }
    print("| \(what) | \(figure) | \(bound) | \(fixed(ratio)) | \(target) |")
}

func rounded(_ x: Double) -> String { String((x * 10).rounded() / 10) }
