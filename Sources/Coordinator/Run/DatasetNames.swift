import Datasets
import Formats
import Support

/// What a data set's folder has for people to read beside its matrices, where it fits them: a name or a text of another row would be
/// taken for the right one.
struct DatasetNames {
    /// A line a label of the files; nil: there is no such file, or it has another number of lines.
    let labels: String?
    /// A line a test document, `labels<TAB>text`; nil as `labels`.
    let texts: String?
    /// What the person should be told.
    let notices: [String]

    init(folder: String, _ data: XCDataset) {
        var notices: [String] = []
        func fitting(_ name: String, _ count: Int, _ noun: String) -> String? {
            let path = "\(folder)/\(name)"
            return NameFile.fitting(path, lines: count) { lines in
                notices.append(
                    "\(path) has \(Quantity.plural(lines, "line")), and there are \(Quantity.plural(count, noun)): it is not used"
                )
            }
        }
        labels = fitting("labels.txt", data.labelCountInFile, "label")
        texts = fitting("tst_raw.tsv", data.testFeatures.rows, "test document")
        self.notices = notices
    }
}
