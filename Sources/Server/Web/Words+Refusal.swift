import Records

extension Words {
    /// What a refusal says in the reader's language: the sentence of the API in English, elsewhere what its code stands for. A sentence
    /// whose code has no words stays as it is.
    func refusal(_ problem: Problem) -> String {
        if let error = problem.errors.first, problem.errors.count == 1 { return refusal(error) }
        return isEnglish ? problem.detail : first(of: ["refusal.\(problem.code.rawValue)"], otherwise: problem.detail)
    }

    /// The same of one part of the input; `kind` is its field's, where it has one.
    func refusal(_ error: Problem.FieldError, kind: String? = nil) -> String {
        guard !isEnglish else { return error.detail }
        let general = "refusal.field.\(error.code.rawValue)"
        return first(of: (kind.map { ["\(general).\($0)"] } ?? []) + [general], otherwise: error.detail)
    }

    /// Why a row of a file was not taken; nil where the sentence of the API must do, as always in English.
    func reason(_ code: String, kind: String?) -> String? {
        guard !isEnglish else { return nil }
        let places = ["refusal.import.\(code)", "refusal.field.\(code)"].flatMap { place in
            (kind.map { ["\(place).\($0)"] } ?? []) + [place]
        }
        let words = first(of: places + ["refusal.\(code)"], otherwise: "")
        return words.isEmpty ? nil : words
    }

    private var isEnglish: Bool { language == "en" }
}
