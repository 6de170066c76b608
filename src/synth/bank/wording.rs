//! How banks word what happens on an account, by language. `{who}` is who pays or is paid, `{date}` a day and month,
//! `{month}` a month, `{no}` a number.

use jiff::civil::Date;

/// The words of one language.
#[derive(Debug)]
pub struct Words {
    /// The banks of these countries use them.
    pub lands: &'static [&'static str],
    /// Wages.
    pub salary: [&'static str; 3],
    /// Pensions and social benefits.
    pub benefit: [&'static str; 2],
    /// A client of the self-employed.
    pub client: &'static str,
    /// Rent.
    pub rent: &'static str,
    /// A mortgage.
    pub mortgage: &'static str,
    /// Energy, telephone, insurance and the like.
    pub bill: &'static str,
    /// A loan.
    pub loan: &'static str,
    /// An instalment to a lender of instalments.
    pub instalment: &'static str,
    /// A card payment.
    pub card: &'static str,
    /// Money back from a shop.
    pub refund: &'static str,
    /// Cash.
    pub cash: &'static str,
    /// Stakes.
    pub bet: &'static str,
    /// To or from one's own savings.
    pub own: &'static str,
    /// A friend or relative.
    pub person: &'static str,
    /// The bank's monthly fee.
    pub fee: &'static str,
    /// Interest on an overdraft.
    pub interest: &'static str,
    /// A debit that the bank refused.
    pub rejected: &'static str,
    /// The fee for that.
    pub rejected_fee: &'static str,
}

/// The languages. The last is that of banks that write English to whoever is far from home.
pub const WORDS: [Words; 7] = [
    Words {
        lands: &["FR", "BE"],
        salary: ["VIR SEPA {who} SALAIRE {month}", "VIREMENT RECU {who} PAIE {month}", "VIR INST {who} REF {no}"],
        benefit: ["VIR CAF DE VALBRUME {no}", "VIR CAISSE RETRAITE ORLEMONT {month}"],
        client: "VIR SEPA {who} FACTURE {no}",
        rent: "VIR PERMANENT LOYER {who}",
        mortgage: "ECHEANCE PRET IMMOBILIER {no}",
        bill: "PRLV SEPA {who} MANDAT {no}",
        loan: "PRLV ECHEANCE CREDIT {who} {no}",
        instalment: "PRLV SEPA {who} ECHEANCE {no}",
        card: "CARTE {date} {who}",
        refund: "AVOIR CARTE {date} {who}",
        cash: "RETRAIT DAB {date} {no}",
        bet: "CARTE {date} {who} PARIS EN LIGNE",
        own: "VIR COMPTE EPARGNE",
        person: "VIR INST {who}",
        fee: "COTISATION COMPTE {month}",
        interest: "INTERETS DEBITEURS {month}",
        rejected: "REJET PRLV SEPA {who} PROVISION INSUFFISANTE",
        rejected_fee: "FRAIS REJET PRELEVEMENT {no}",
    },
    Words {
        lands: &["DE"],
        salary: ["LOHN/GEHALT {month} {who}", "GUTSCHRIFT {who} BEZUEGE {month}", "SEPA GUTSCHRIFT {who} {no}"],
        benefit: ["FAMILIENKASSE LINDENFURT {no}", "RENTENSERVICE OSTHEYM {month}"],
        client: "GUTSCHRIFT {who} RECHNUNG {no}",
        rent: "DAUERAUFTRAG MIETE {who}",
        mortgage: "DARLEHENSRATE BAUFINANZIERUNG {no}",
        bill: "LASTSCHRIFT {who} {no}",
        loan: "LASTSCHRIFT KREDITRATE {who} {no}",
        instalment: "LASTSCHRIFT {who} RATE {no}",
        card: "KARTENZAHLUNG {who} {date}",
        refund: "GUTSCHRIFT KARTE {who} {date}",
        cash: "BARGELDAUSZAHLUNG {date} {no}",
        bet: "KARTENZAHLUNG {who} SPORTWETTEN {date}",
        own: "UMBUCHUNG SPARKONTO",
        person: "ECHTZEITUEBERWEISUNG {who}",
        fee: "KONTOFUEHRUNGSENTGELT {month}",
        interest: "SOLLZINSEN {month}",
        rejected: "RUECKLASTSCHRIFT {who} MANGELS DECKUNG",
        rejected_fee: "ENTGELT RUECKLASTSCHRIFT {no}",
    },
    Words {
        lands: &["ES"],
        salary: ["NOMINA {month} {who}", "TRANSFERENCIA DE {who} NOMINA", "TRANSFERENCIA {who} REF {no}"],
        benefit: ["PRESTACION ALDANEDA {no}", "PENSION CASTREVIA {month}"],
        client: "TRANSFERENCIA {who} FACTURA {no}",
        rent: "TRANSFERENCIA ALQUILER {who}",
        mortgage: "CUOTA HIPOTECA {no}",
        bill: "RECIBO {who} {no}",
        loan: "RECIBO PRESTAMO {who} {no}",
        instalment: "RECIBO {who} PLAZO {no}",
        card: "PAGO TARJETA {who} {date}",
        refund: "ABONO TARJETA {who} {date}",
        cash: "RETIRADA CAJERO {date} {no}",
        bet: "PAGO {who} APUESTAS {date}",
        own: "TRASPASO CUENTA AHORRO",
        person: "BIZUM {who}",
        fee: "COMISION MANTENIMIENTO {month}",
        interest: "INTERESES DESCUBIERTO {month}",
        rejected: "DEVOLUCION RECIBO {who}",
        rejected_fee: "COMISION DEVOLUCION {no}",
    },
    Words {
        lands: &["IT"],
        salary: ["BONIFICO {who} STIPENDIO {month}", "EMOLUMENTI {who} {month}", "BONIFICO {who} RIF {no}"],
        benefit: ["ASSEGNO UNICO ROCCASERA {no}", "PENSIONE MONTEFALO {month}"],
        client: "BONIFICO {who} FATTURA {no}",
        rent: "BONIFICO AFFITTO {who}",
        mortgage: "RATA MUTUO {no}",
        bill: "ADDEBITO SDD {who} {no}",
        loan: "ADDEBITO RATA PRESTITO {who} {no}",
        instalment: "ADDEBITO SDD {who} RATA {no}",
        card: "PAGAMENTO POS {date} {who}",
        refund: "STORNO POS {date} {who}",
        cash: "PRELIEVO BANCOMAT {date} {no}",
        bet: "PAGAMENTO {who} SCOMMESSE {date}",
        own: "GIROCONTO RISPARMIO",
        person: "BONIFICO ISTANTANEO {who}",
        fee: "CANONE CONTO {month}",
        interest: "INTERESSI DEBITORI {month}",
        rejected: "INSOLUTO SDD {who}",
        rejected_fee: "COMMISSIONE INSOLUTO {no}",
    },
    Words {
        lands: &["NL"],
        salary: ["SALARIS {month} {who}", "OVERBOEKING {who} LOON {month}", "OVERBOEKING {who} {no}"],
        benefit: ["TOESLAGEN HOOGMEER {no}", "PENSIOENFONDS ZILVERDAM {month}"],
        client: "OVERBOEKING {who} FACTUUR {no}",
        rent: "PERIODIEKE OVERBOEKING HUUR {who}",
        mortgage: "HYPOTHEEKTERMIJN {no}",
        bill: "INCASSO {who} {no}",
        loan: "INCASSO LENING {who} {no}",
        instalment: "INCASSO {who} TERMIJN {no}",
        card: "BETAALAUTOMAAT {date} {who}",
        refund: "RETOUR {who} {date}",
        cash: "GELDAUTOMAAT {date} {no}",
        bet: "BETALING {who} WEDDENSCHAPPEN {date}",
        own: "OVERBOEKING SPAARREKENING",
        person: "TIKKIE {who}",
        fee: "KOSTEN BETAALPAKKET {month}",
        interest: "DEBETRENTE {month}",
        rejected: "STORNO INCASSO {who} SALDO ONTOEREIKEND",
        rejected_fee: "KOSTEN STORNO {no}",
    },
    Words {
        lands: &["PT"],
        salary: ["TRF {who} ORDENADO {month}", "VENCIMENTO {month} {who}", "TRF DE {who} {no}"],
        benefit: ["ABONO RIBEIROSA {no}", "PENSAO CAMPOLURA {month}"],
        client: "TRF {who} FATURA {no}",
        rent: "TRF RENDA CASA {who}",
        mortgage: "PRESTACAO CREDITO HABITACAO {no}",
        bill: "DEBITO DIRETO {who} {no}",
        loan: "DEBITO PRESTACAO {who} {no}",
        instalment: "DEBITO DIRETO {who} PRESTACAO {no}",
        card: "COMPRA {date} {who}",
        refund: "DEVOLUCAO COMPRA {date} {who}",
        cash: "LEVANTAMENTO {date} {no}",
        bet: "COMPRA {who} APOSTAS {date}",
        own: "TRF CONTA POUPANCA",
        person: "TRF IMEDIATA {who}",
        fee: "COMISSAO MANUTENCAO {month}",
        interest: "JUROS DESCOBERTO {month}",
        rejected: "DEVOLUCAO DEBITO {who}",
        rejected_fee: "COMISSAO DEVOLUCAO {no}",
    },
    Words {
        lands: &[],
        salary: ["SALARY {month} {who}", "PAYROLL {who} {month}", "INCOMING TRANSFER {who} REF {no}"],
        benefit: ["CHILD BENEFIT {no}", "PENSION {month} MARLIVANNE FUND"],
        client: "INCOMING TRANSFER {who} INVOICE {no}",
        rent: "STANDING ORDER RENT {who}",
        mortgage: "MORTGAGE PAYMENT {no}",
        bill: "DIRECT DEBIT {who} {no}",
        loan: "DIRECT DEBIT LOAN {who} {no}",
        instalment: "DIRECT DEBIT {who} INSTALMENT {no}",
        card: "CARD PAYMENT {who} {date}",
        refund: "CARD REFUND {who} {date}",
        cash: "CASH WITHDRAWAL {date} {no}",
        bet: "CARD PAYMENT {who} BETTING {date}",
        own: "TRANSFER SAVINGS POT",
        person: "INSTANT TRANSFER {who}",
        fee: "ACCOUNT FEE {month}",
        interest: "OVERDRAFT INTEREST {month}",
        rejected: "RETURNED DIRECT DEBIT {who}",
        rejected_fee: "RETURNED PAYMENT FEE {no}",
    },
];

/// The place of the language that is written by everyone.
pub const ENGLISH: usize = WORDS.len() - 1;

/// A wording with its blanks filled in.
pub fn say(pattern: &str, who: &str, day: Date, number: usize) -> Box<str> {
    let mut said = String::with_capacity(pattern.len() + who.len() + 8);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (blank, after) = after.split_once('}').unwrap_or((after, ""));
        said.push_str(before);
        match blank {
            "who" => said.push_str(who),
            "date" => said.push_str(&format!("{:02}/{:02}", day.day(), day.month())),
            "month" => said.push_str(&format!("{:02}/{:02}", day.month(), day.year() % 100)),
            _ => said.push_str(&format!("{number:06}")),
        }
        rest = after;
    }
    said.push_str(rest);
    said.into()
}
