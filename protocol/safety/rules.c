/* Which lists there are, and the rules that come from them. See SOURCES.md. */
#include "data.h"

#define B(name)      CLASS_BIT(name)
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOW          GALEN_SEVERITY_LOW
#define MODERATE     GALEN_SEVERITY_MODERATE
#define HIGH         GALEN_SEVERITY_HIGH

const char *const galen_safety_data_version = SAFETY_DATA_VERSION;
const char *const galen_safety_data_date = SAFETY_DATA_DATE;

/* clang-format off */
const struct galen_safety_source safety_sources[SOURCE_COUNT] = {
    /*                          key                name                                                          version  date */
    [SOURCE_NONE]             = {"none",           "",                                                            "",     ""},
    [SOURCE_NAMES]            = {"names",          "International Nonproprietary Names (WHO) and United States Adopted Names", "as known", "2024"},
    [SOURCE_LABELS]           = {"us-labels",      "US drug labelling, prescription and over-the-counter, as published in DailyMed (FDA, National Library of Medicine)", "as known", "2024"},
    [SOURCE_ODS]              = {"nih-ods",        "Dietary Supplement Fact Sheets (NIH Office of Dietary Supplements)", "as known", "2024"},
    [SOURCE_NCCIH]            = {"nccih",          "Herbs at a Glance (National Center for Complementary and Integrative Health)", "as known", "2024"},
    [SOURCE_ATC]              = {"who-atc",        "ATC classification (WHO Collaborating Centre for Drug Statistics Methodology)", "as known", "2024"},
    [SOURCE_PHANSALKAR]       = {"phansalkar-2012", "High-priority drug\xe2\x80\x93" "drug interactions for use in electronic health records (Phansalkar et al., J Am Med Inform Assoc 19:735, PMC3422823)", "fifteen pairs", "2012"},
    [SOURCE_FDA_CYP]          = {"fda-cyp",        "Examples of Drugs that Interact with CYP Enzymes and Transporter Systems (FDA)", "as known", "2024"},
    [SOURCE_OTC]              = {"fda-otc-m012",   "OTC Monograph M012: Cold, Cough, Allergy, Bronchodilator, and Antiasthmatic Drug Products (FDA)", "as known", "2024"},
    [SOURCE_BEERS]            = {"ags-beers-2023", "AGS Beers Criteria for Potentially Inappropriate Medication Use in Older Adults (American Geriatrics Society)", "2023 update", "2023"},
    [SOURCE_ISMP]             = {"ismp-writing",   "List of Error-Prone Abbreviations, Symbols, and Dose Designations (Institute for Safe Medication Practices)", "as known", "2021"},
    [SOURCE_JOINT_COMMISSION] = {"jc-do-not-use",  "Official \"Do Not Use\" List (The Joint Commission)", "as known", "2018"},
    [SOURCE_OWN]              = {"galen",          "Galen's own rule; there is no list behind it", SAFETY_DATA_VERSION, SAFETY_DATA_DATE},
};

const uint8_t safety_class_sources[CLASS_COUNT] = {
    [CLASS_NSAID] = SOURCE_ATC,
    [CLASS_SALICYLATE] = SOURCE_ATC,
    [CLASS_ACE_INHIBITOR] = SOURCE_ATC,
    [CLASS_ARB] = SOURCE_ATC,
    [CLASS_STATIN] = SOURCE_ATC,
    [CLASS_STATIN_3A4] = SOURCE_FDA_CYP,
    [CLASS_PPI] = SOURCE_ATC,
    [CLASS_H2_BLOCKER] = SOURCE_ATC,
    [CLASS_SSRI] = SOURCE_ATC,
    [CLASS_SNRI] = SOURCE_LABELS,
    [CLASS_REUPTAKE_OTHER] = SOURCE_LABELS,
    [CLASS_BENZODIAZEPINE] = SOURCE_ATC,
    [CLASS_Z_DRUG] = SOURCE_ATC,
    [CLASS_OPIOID] = SOURCE_ATC,
    [CLASS_VITAMIN_K_ANTAGONIST] = SOURCE_ATC,
    [CLASS_ANTICOAGULANT] = SOURCE_ATC,
    [CLASS_ANTIHISTAMINE_1] = SOURCE_BEERS,
    [CLASS_ANTIHISTAMINE_2] = SOURCE_ATC,
    [CLASS_BETA_BLOCKER] = SOURCE_ATC,
    [CLASS_SULFONYLUREA] = SOURCE_ATC,
    [CLASS_SULFONYLUREA_LONG] = SOURCE_BEERS,
    [CLASS_MUSCLE_RELAXANT] = SOURCE_BEERS,
    [CLASS_STIMULANT] = SOURCE_PHANSALKAR,
    [CLASS_MAOI] = SOURCE_LABELS,
    [CLASS_THIOPURINE] = SOURCE_PHANSALKAR,
    [CLASS_SEROTONERGIC] = SOURCE_LABELS,
    [CLASS_CYP3A4_STRONG] = SOURCE_FDA_CYP,
    [CLASS_CYP3A4_MODERATE] = SOURCE_FDA_CYP,
    [CLASS_CYP3A4_INDUCER] = SOURCE_FDA_CYP,
    [CLASS_CYP1A2_STRONG] = SOURCE_FDA_CYP,
    [CLASS_CYP1A2_OTHER] = SOURCE_LABELS,
    [CLASS_TRICYCLIC] = SOURCE_LABELS,
    [CLASS_QT] = SOURCE_LABELS,
    [CLASS_PROTEASE_INHIBITOR] = SOURCE_ATC,
    [CLASS_ERGOT] = SOURCE_ATC,
    [CLASS_TRIPTAN] = SOURCE_ATC,
    [CLASS_PENICILLIN] = SOURCE_ATC,
    [CLASS_CEPHALOSPORIN] = SOURCE_ATC,
    [CLASS_SULFONAMIDE] = SOURCE_LABELS,
    [CLASS_SULFONAMIDE_LABEL] = SOURCE_LABELS,
    [CLASS_MACROLIDE] = SOURCE_ATC,
    [CLASS_QUINOLONE] = SOURCE_ATC,
    [CLASS_TETRACYCLINE] = SOURCE_ATC,
    [CLASS_ANTI_INFECTIVE] = SOURCE_ATC,
    [CLASS_DECONGESTANT] = SOURCE_OTC,
    [CLASS_NITRATE] = SOURCE_ATC,
    [CLASS_PDE5] = SOURCE_ATC,
    [CLASS_THIAZIDE] = SOURCE_ATC,
    [CLASS_POTASSIUM_SPARING] = SOURCE_ATC,
    [CLASS_PLATELET_P2Y12] = SOURCE_LABELS,
    [CLASS_ANTICHOLINERGIC] = SOURCE_BEERS,
    [CLASS_CALCIUM_BLOCKER] = SOURCE_ATC,
    [CLASS_GLIFLOZIN] = SOURCE_ATC,
    [CLASS_INCRETIN] = SOURCE_ATC,
    [CLASS_LABA] = SOURCE_LABELS,
};

/* Acetaminophen, which is a kind of its own, is found as an ingredient. */
const struct safety_duplicate safety_duplicates[] = {
    /* key             classes                                            severity  local  source */
    {"acid",           B(PPI) | B(H2_BLOCKER),                            LOW,      false, SOURCE_ATC},
    {"anticoagulant",  B(VITAMIN_K_ANTAGONIST) | B(ANTICOAGULANT),        HIGH,     false, SOURCE_ATC},
    {"antihistamine",  B(ANTIHISTAMINE_1) | B(ANTIHISTAMINE_2),           MODERATE, false, SOURCE_ATC},
    {"beta-blocker",   B(BETA_BLOCKER),                                   HIGH,     true,  SOURCE_ATC},
    {"calcium-blocker", B(CALCIUM_BLOCKER),                               MODERATE, false, SOURCE_ATC},
    {"gliflozin",      B(GLIFLOZIN),                                      MODERATE, false, SOURCE_ATC},
    {"incretin",       B(INCRETIN),                                       MODERATE, false, SOURCE_LABELS},
    {"laba",           B(LABA),                                           HIGH,     false, SOURCE_LABELS},
    {"nsaid",          B(NSAID),                                          HIGH,     false, SOURCE_ATC},
    {"opioid",         B(OPIOID),                                         HIGH,     false, SOURCE_ATC},
    {"renin",          B(ACE_INHIBITOR) | B(ARB),                         HIGH,     false, SOURCE_ATC},
    {"sedative",       B(BENZODIAZEPINE) | B(Z_DRUG),                     HIGH,     false, SOURCE_ATC},
    {"serotonin",      B(SSRI) | B(SNRI) | B(REUPTAKE_OTHER),             HIGH,     false, SOURCE_ATC},
    {"statin",         B(STATIN),                                         HIGH,     false, SOURCE_ATC},
    {"sulfonylurea",   B(SULFONYLUREA),                                   HIGH,     false, SOURCE_ATC},
    {"thiazide",       B(THIAZIDE),                                       MODERATE, false, SOURCE_ATC},
};
const size_t safety_duplicate_count = COUNT(safety_duplicates);

#define CLASSES(bits) {.classes = bits}
#define THOSE(...) {.ingredients = (const char *const[]){__VA_ARGS__, NULL}}
#define WITH(bits, ...) {.classes = bits, .ingredients = (const char *const[]){__VA_ARGS__, NULL}}
#define INHIBITOR_3A4 (B(CYP3A4_STRONG) | B(PROTEASE_INHIBITOR))
/* What the opioids' boxed warning means by benzodiazepines and other depressants. */
#define SEDATIVE WITH(B(BENZODIAZEPINE) | B(Z_DRUG) | B(MUSCLE_RELAXANT), "baclofen", "butalbital", "gabapentin", "meprobamate", "phenobarbital", "pregabalin", "primidone", "tizanidine")
#define BIRTH_CONTROL THOSE("ethinyl estradiol", "etonogestrel", "norethindrone", "norgestrel")
#define BLOOD_THINNER (B(VITAMIN_K_ANTAGONIST) | B(ANTICOAGULANT))

/*
 * First the fifteen pairs, in their order; 11 to 13 have a second row for the weaker inhibitors that the
 * pair's name covers and labels warn of. Behind them some contraindications, boxed and other grave warnings of US labels.
 */
const struct safety_pair safety_pairs[] = {
    /* key                     one                                                     other                        severity  source */
    {"stimulant-maoi",         CLASSES(B(STIMULANT)),                                  CLASSES(B(MAOI)),            HIGH,     SOURCE_PHANSALKAR},
    {"atazanavir-ppi",         THOSE("atazanavir"),                                      CLASSES(B(PPI)),             HIGH,     SOURCE_PHANSALKAR},
    {"febuxostat-thiopurine",  THOSE("febuxostat"),                                      CLASSES(B(THIOPURINE)),      HIGH,     SOURCE_PHANSALKAR},
    {"serotonergic-maoi",      CLASSES(B(SSRI) | B(SNRI) | B(SEROTONERGIC)),           CLASSES(B(MAOI)),            HIGH,     SOURCE_PHANSALKAR},
    {"irinotecan-3a4",         THOSE("irinotecan"),                                      CLASSES(INHIBITOR_3A4),      HIGH,     SOURCE_PHANSALKAR},
    {"opioid-maoi",            CLASSES(B(OPIOID)),                                     CLASSES(B(MAOI)),            HIGH,     SOURCE_PHANSALKAR},
    {"tricyclic-maoi",         CLASSES(B(TRICYCLIC)),                                  CLASSES(B(MAOI)),            HIGH,     SOURCE_PHANSALKAR},
    {"qt-qt",                  CLASSES(B(QT)),                                         CLASSES(B(QT)),              HIGH,     SOURCE_PHANSALKAR},
    {"ramelteon-1a2",          THOSE("ramelteon"),                                       CLASSES(B(CYP1A2_STRONG)),   HIGH,     SOURCE_PHANSALKAR},
    {"inducer-protease",       CLASSES(B(CYP3A4_INDUCER)),                             CLASSES(B(PROTEASE_INHIBITOR)), HIGH,  SOURCE_PHANSALKAR},
    {"statin-3a4",             CLASSES(B(STATIN_3A4)),                                 CLASSES(INHIBITOR_3A4),      HIGH,     SOURCE_PHANSALKAR},
    {"statin-3a4-moderate",    THOSE("simvastatin", "lovastatin"),                       THOSE("aprepitant", "ciprofloxacin", "crizotinib", "diltiazem", "dronedarone", "fluconazole", "fluvoxamine", "imatinib", "isavuconazonium", "lefamulin", "letermovir", "verapamil"), MODERATE, SOURCE_PHANSALKAR},
    {"ergot-3a4",              CLASSES(B(ERGOT)),                                      CLASSES(INHIBITOR_3A4),      HIGH,     SOURCE_PHANSALKAR},
    {"ergot-3a4-moderate",     CLASSES(B(ERGOT)),                                      CLASSES(B(CYP3A4_MODERATE)), HIGH,     SOURCE_PHANSALKAR},
    {"tizanidine-1a2",         THOSE("tizanidine"),                                      CLASSES(B(CYP1A2_STRONG)),   HIGH,     SOURCE_PHANSALKAR},
    {"tizanidine-1a2-other",   THOSE("tizanidine"),                                      CLASSES(B(CYP1A2_OTHER)),    MODERATE, SOURCE_PHANSALKAR},
    {"tranylcypromine-procarbazine", THOSE("tranylcypromine"),                           THOSE("procarbazine"),         HIGH,     SOURCE_PHANSALKAR},
    {"triptan-maoi",           CLASSES(B(TRIPTAN)),                                    CLASSES(B(MAOI)),            HIGH,     SOURCE_PHANSALKAR},
    {"decongestant-maoi",      CLASSES(B(DECONGESTANT)),                               CLASSES(B(MAOI)),            HIGH,     SOURCE_OTC},
    {"label-maoi",             THOSE("bupropion", "carbamazepine", "deutetrabenazine", "solriamfetol", "tetrabenazine", "viloxazine"), CLASSES(B(MAOI)), HIGH, SOURCE_LABELS},
    {"ace-sacubitril",         CLASSES(B(ACE_INHIBITOR)),                              THOSE("sacubitril"),           HIGH,     SOURCE_LABELS},
    {"anticoagulant-nsaid",    CLASSES(BLOOD_THINNER),                                 WITH(B(NSAID), "bismuth subsalicylate"), HIGH,     SOURCE_LABELS},
    {"fibrate-statin",         THOSE("gemfibrozil"),                                     CLASSES(B(STATIN)),          HIGH,     SOURCE_LABELS},
    {"methotrexate-trimethoprim", THOSE("methotrexate"),                                 THOSE("trimethoprim"),         HIGH,     SOURCE_LABELS},
    {"nitrate-pde5",           CLASSES(B(NITRATE)),                                    CLASSES(B(PDE5)),            HIGH,     SOURCE_LABELS},
    {"opioid-sedative",        CLASSES(B(OPIOID)),                                     SEDATIVE,                    HIGH,     SOURCE_LABELS},
    {"wort-anticoagulant",     THOSE("st johns wort"),                                   CLASSES(BLOOD_THINNER),      HIGH,     SOURCE_NCCIH},
    {"wort-antidepressant",    THOSE("st johns wort"),                                 CLASSES(B(SSRI) | B(SNRI) | B(TRICYCLIC) | B(SEROTONERGIC) | B(TRIPTAN)), HIGH, SOURCE_NCCIH},
    {"wort-contraceptive",     THOSE("st johns wort"),                                 BIRTH_CONTROL,               HIGH,     SOURCE_NCCIH},
    {"aliskiren-renin",        THOSE("aliskiren"),                                   CLASSES(B(ACE_INHIBITOR) | B(ARB)), HIGH,     SOURCE_LABELS},
    {"allopurinol-thiopurine", THOSE("allopurinol"),                                     CLASSES(B(THIOPURINE)),      HIGH,     SOURCE_LABELS},
    {"anticoagulant-3a4",      THOSE("apixaban", "rivaroxaban"),                         CLASSES(INHIBITOR_3A4),      HIGH,     SOURCE_LABELS},
    {"anticoagulant-inducer",  THOSE("apixaban", "rivaroxaban"),                         CLASSES(B(CYP3A4_INDUCER)),  HIGH,     SOURCE_LABELS},
    {"anticoagulant-platelet", CLASSES(BLOOD_THINNER),                                 CLASSES(B(PLATELET_P2Y12)),  HIGH,     SOURCE_LABELS},
    {"beta-blocker-verapamil", CLASSES(B(BETA_BLOCKER)),                               THOSE("verapamil", "diltiazem"), MODERATE, SOURCE_LABELS},
    {"clopidogrel-ppi",        THOSE("clopidogrel"),                                     THOSE("omeprazole", "esomeprazole"), MODERATE, SOURCE_LABELS},
    {"colchicine-3a4",         THOSE("colchicine"),                                    WITH(INHIBITOR_3A4, "cyclosporine"), HIGH,     SOURCE_LABELS},
    {"digoxin-level",          THOSE("digoxin"),                                       THOSE("amiodarone", "clarithromycin", "dronedarone", "erythromycin", "itraconazole", "propafenone", "quinidine", "ritonavir", "verapamil"), HIGH, SOURCE_LABELS},
    {"ergot-triptan",          CLASSES(B(ERGOT)),                                      CLASSES(B(TRIPTAN)),         HIGH,     SOURCE_LABELS},
    {"isotretinoin-tetracycline", THOSE("isotretinoin"),                                    CLASSES(B(TETRACYCLINE)),    HIGH,     SOURCE_LABELS},
    {"lithium-kidney",         THOSE("lithium"),                                         CLASSES(B(NSAID) | B(ACE_INHIBITOR) | B(ARB) | B(THIAZIDE)), HIGH,     SOURCE_LABELS},
    {"methotrexate-nsaid",     THOSE("methotrexate"),                                    CLASSES(B(NSAID)),           MODERATE, SOURCE_LABELS},
    {"potassium-renin",        CLASSES(B(ACE_INHIBITOR) | B(ARB)),                     WITH(B(POTASSIUM_SPARING), "potassium"), MODERATE, SOURCE_LABELS},
    {"potassium-sparing",      THOSE("potassium"),                                   CLASSES(B(POTASSIUM_SPARING)), HIGH,     SOURCE_LABELS},
    {"potassium-trimethoprim", CLASSES(B(ACE_INHIBITOR) | B(ARB) | B(POTASSIUM_SPARING)),THOSE("trimethoprim"),         MODERATE, SOURCE_LABELS},
    {"riociguat-nitrate",      THOSE("riociguat"),                                       CLASSES(B(NITRATE) | B(PDE5)), HIGH,     SOURCE_LABELS},
    {"statin-amiodarone",      THOSE("simvastatin", "lovastatin"),                   THOSE("amiodarone"),           MODERATE, SOURCE_LABELS},
    {"statin-amlodipine",      THOSE("simvastatin"),                                 THOSE("amlodipine", "ranolazine"), MODERATE, SOURCE_LABELS},
    {"statin-cyclosporine",    THOSE("cyclosporine"),                                    CLASSES(B(STATIN)),          HIGH,     SOURCE_LABELS},
    {"statin-danazol",         THOSE("simvastatin", "lovastatin"),                   THOSE("danazol"),              HIGH,     SOURCE_LABELS},
    {"statin-erythromycin",    THOSE("simvastatin", "lovastatin"),                   THOSE("erythromycin"),         HIGH,     SOURCE_LABELS},
    {"theophylline-1a2",       THOSE("theophylline"),                                    CLASSES(B(CYP1A2_STRONG)),   HIGH,     SOURCE_LABELS},
    {"tramadol-serotonergic",  THOSE("tramadol", "meperidine"),                        WITH(B(SSRI) | B(SNRI) | B(TRICYCLIC) | B(SEROTONERGIC), "bupropion"), HIGH, SOURCE_LABELS},
    {"warfarin-amiodarone",    CLASSES(B(VITAMIN_K_ANTAGONIST)),                       THOSE("amiodarone"),           HIGH,     SOURCE_LABELS},
    {"amiodarone-sofosbuvir",   THOSE("amiodarone"), THOSE("sofosbuvir"), HIGH, SOURCE_LABELS},
    {"anticoagulant-rifampin",  THOSE("dabigatran", "edoxaban"), THOSE("rifampin"), HIGH, SOURCE_LABELS},
    {"anticoagulant-serotonin", CLASSES(BLOOD_THINNER), CLASSES(B(SSRI) | B(SNRI) | B(REUPTAKE_OTHER)), MODERATE, SOURCE_LABELS},
    {"carbamazepine-3a4",       THOSE("carbamazepine"), WITH(INHIBITOR_3A4, "erythromycin"), HIGH, SOURCE_LABELS},
    {"clozapine-1a2",           THOSE("clozapine"), CLASSES(B(CYP1A2_STRONG)), HIGH, SOURCE_LABELS},
    {"contraceptive-inducer",   BIRTH_CONTROL, THOSE("carbamazepine", "oxcarbazepine", "phenobarbital", "phenytoin", "primidone", "rifabutin", "rifampin", "rifapentine", "topiramate"), HIGH, SOURCE_LABELS},
    {"contraceptive-tranexamic",THOSE("ethinyl estradiol"), THOSE("tranexamic acid"), HIGH, SOURCE_LABELS},
    {"disulfiram-metronidazole",THOSE("disulfiram"), THOSE("metronidazole", "tinidazole"), HIGH, SOURCE_LABELS},
    {"dofetilide-label",        THOSE("dofetilide"), THOSE("bictegravir", "cimetidine", "dolutegravir", "hydrochlorothiazide", "ketoconazole", "megestrol", "prochlorperazine", "trimethoprim", "verapamil"), HIGH, SOURCE_LABELS},
    {"label-3a4",               THOSE("alfuzosin", "daridorexant", "dronedarone", "eletriptan", "eplerenone", "finerenone", "ibrutinib", "ivabradine", "lemborexant", "lurasidone", "naloxegol", "nisoldipine", "palbociclib", "pimozide", "ranolazine", "rimegepant", "salmeterol", "silodosin", "suvorexant", "tamsulosin", "ticagrelor", "tolvaptan", "ubrogepant", "vorapaxar"), CLASSES(INHIBITOR_3A4), HIGH, SOURCE_LABELS},
    {"lamotrigine-valproate",   THOSE("lamotrigine"), THOSE("valproate"), HIGH, SOURCE_LABELS},
    {"levodopa-blocker",        THOSE("levodopa"), THOSE("chlorpromazine", "fluphenazine", "haloperidol", "metoclopramide", "olanzapine", "paliperidone", "perphenazine", "prochlorperazine", "promethazine", "risperidone", "thiothixene", "trifluoperazine", "ziprasidone"), MODERATE, SOURCE_LABELS},
    {"opioid-3a4",              THOSE("fentanyl", "hydrocodone", "methadone", "oxycodone"), WITH(INHIBITOR_3A4, "erythromycin", "fluconazole"), HIGH, SOURCE_LABELS},
    {"opioid-antagonist",       CLASSES(B(OPIOID)), THOSE("naltrexone", "samidorphan"), HIGH, SOURCE_LABELS},
    {"pde5-3a4",                CLASSES(B(PDE5)), CLASSES(INHIBITOR_3A4), MODERATE, SOURCE_LABELS},
    {"potassium-sparing-two",   CLASSES(B(POTASSIUM_SPARING)), CLASSES(B(POTASSIUM_SPARING)), HIGH, SOURCE_LABELS},
    {"repaglinide-gemfibrozil", THOSE("repaglinide"), THOSE("gemfibrozil"), HIGH, SOURCE_LABELS},
    {"ritonavir-rhythm",        THOSE("ritonavir"), THOSE("amiodarone", "flecainide", "propafenone", "quinidine"), HIGH, SOURCE_LABELS},
    {"sedative-3a4",            THOSE("alprazolam", "midazolam", "triazolam"), CLASSES(INHIBITOR_3A4), HIGH, SOURCE_LABELS},
    {"sulfonylurea-infection",  CLASSES(B(SULFONYLUREA)), WITH(B(QUINOLONE), "clarithromycin", "fluconazole", "sulfamethoxazole"), MODERATE, SOURCE_LABELS},
    {"tamoxifen-2d6",           THOSE("tamoxifen"), THOSE("bupropion", "fluoxetine", "paroxetine"), MODERATE, SOURCE_LABELS},
    {"thioridazine-2d6",        THOSE("thioridazine"), THOSE("bupropion", "duloxetine", "fluoxetine", "fluvoxamine", "paroxetine", "pindolol", "propranolol"), HIGH, SOURCE_LABELS},
    {"theophylline-other",      THOSE("theophylline"), THOSE("cimetidine", "erythromycin", "mexiletine", "zileuton"), MODERATE, SOURCE_LABELS},
    {"transplant-3a4",          THOSE("cyclosporine", "sirolimus", "tacrolimus"), CLASSES(INHIBITOR_3A4), HIGH, SOURCE_LABELS},
    {"transplant-inducer",      THOSE("cyclosporine", "sirolimus", "tacrolimus"), CLASSES(B(CYP3A4_INDUCER)), HIGH, SOURCE_LABELS},
    {"valproate-carbapenem",    THOSE("valproate"), THOSE("ertapenem", "meropenem"), HIGH, SOURCE_LABELS},
    {"warfarin-cancer",         CLASSES(B(VITAMIN_K_ANTAGONIST)), THOSE("capecitabine", "fluorouracil", "tamoxifen"), HIGH, SOURCE_LABELS},
    {"warfarin-inducer",        CLASSES(B(VITAMIN_K_ANTAGONIST)), THOSE("carbamazepine", "phenobarbital", "phenytoin", "primidone", "rifampin", "rifapentine"), MODERATE, SOURCE_LABELS},
    {"warfarin-vitamin-k",      CLASSES(B(VITAMIN_K_ANTAGONIST)), THOSE("vitamin k"), MODERATE, SOURCE_LABELS},
    {"wort-level",              THOSE("st johns wort"), THOSE("digoxin", "imatinib", "irinotecan", "oxycodone"), HIGH, SOURCE_NCCIH},
};
const size_t safety_pair_count = COUNT(safety_pairs);

const struct safety_age safety_ages[] = {
    /* key              side                                  new    severity  source */
    {"anticholinergic", CLASSES(B(ANTICHOLINERGIC)),          false, MODERATE, SOURCE_BEERS},
    {"antihistamine",   CLASSES(B(ANTIHISTAMINE_1)),          false, MODERATE, SOURCE_BEERS},
    {"benzodiazepine",  CLASSES(B(BENZODIAZEPINE)),           false, MODERATE, SOURCE_BEERS},
    {"indomethacin",    THOSE("indomethacin", "ketorolac"),     false, MODERATE, SOURCE_BEERS},
    {"meperidine",      THOSE("meperidine"),                    false, MODERATE, SOURCE_BEERS},
    {"muscle-relaxant", CLASSES(B(MUSCLE_RELAXANT)),          false, MODERATE, SOURCE_BEERS},
    {"rivaroxaban",     THOSE("rivaroxaban"),                   true,  MODERATE, SOURCE_BEERS},
    {"sulfonylurea",    CLASSES(B(SULFONYLUREA_LONG)),        false, MODERATE, SOURCE_BEERS},
    {"warfarin",        THOSE("warfarin"),                      true,  MODERATE, SOURCE_BEERS},
    {"z-drug",          CLASSES(B(Z_DRUG)),                   false, MODERATE, SOURCE_BEERS},
};
const size_t safety_age_count = COUNT(safety_ages);

const uint64_t safety_allergy_classes =
    B(NSAID) | B(SALICYLATE) | B(ACE_INHIBITOR) | B(ARB) | B(STATIN) | B(OPIOID) | B(PENICILLIN) |
    B(CEPHALOSPORIN) | B(SULFONAMIDE) | B(MACROLIDE) | B(QUINOLONE) | B(TETRACYCLINE) | B(TRIPTAN) | B(ERGOT) |
    B(SULFONYLUREA) | B(BENZODIAZEPINE) | B(TRICYCLIC) | B(PPI) | B(BETA_BLOCKER);

/* A class is meant by its usual name, one or many, with "drugs" or "antibiotics" behind it. */
const struct safety_allergy_word safety_allergy_words[] = {
    {"ace inhibitor",          B(ACE_INHIBITOR),               SOURCE_LABELS},
    {"acei",                   B(ACE_INHIBITOR),               SOURCE_LABELS},
    {"angiotensin receptor blocker", B(ARB),                   SOURCE_LABELS},
    {"anti inflammatories",    B(NSAID),                       SOURCE_LABELS},
    {"anti inflammatory",      B(NSAID),                       SOURCE_LABELS},
    {"antiinflammatory",       B(NSAID),                       SOURCE_LABELS},
    {"arb",                    B(ARB),                         SOURCE_LABELS},
    {"benzodiazepine",         B(BENZODIAZEPINE),              SOURCE_LABELS},
    {"beta blocker",           B(BETA_BLOCKER),                SOURCE_LABELS},
    {"blood thinner",          BLOOD_THINNER,                  SOURCE_LABELS},
    {"cephalosporin",          B(CEPHALOSPORIN),               SOURCE_LABELS},
    {"cillin",                 B(PENICILLIN),                  SOURCE_LABELS},
    {"ergot",                  B(ERGOT),                       SOURCE_LABELS},
    {"fluoroquinolone",        B(QUINOLONE),                   SOURCE_LABELS},
    {"macrolide",              B(MACROLIDE),                   SOURCE_LABELS},
    {"narcotic",               B(OPIOID),                      SOURCE_LABELS},
    {"nsaid",                  B(NSAID),                       SOURCE_LABELS},
    {"opiate",                 B(OPIOID),                      SOURCE_LABELS},
    {"opioid",                 B(OPIOID),                      SOURCE_LABELS},
    {"pcn",                    B(PENICILLIN),                  SOURCE_LABELS},
    {"penicillin",             B(PENICILLIN),                  SOURCE_LABELS},
    {"proton pump inhibitor",  B(PPI),                         SOURCE_LABELS},
    {"quinolone",              B(QUINOLONE),                   SOURCE_LABELS},
    {"salicylate",             B(SALICYLATE),                  SOURCE_LABELS},
    {"statin",                 B(STATIN),                      SOURCE_LABELS},
    {"sulfa",                  B(SULFONAMIDE),                 SOURCE_LABELS},
    {"sulfonamide",            B(SULFONAMIDE),                 SOURCE_LABELS},
    {"sulfonylurea",           B(SULFONYLUREA),                SOURCE_LABELS},
    {"sulfur",                 B(SULFONAMIDE),                 SOURCE_LABELS},
    {"sulpha",                 B(SULFONAMIDE),                 SOURCE_LABELS},
    {"sulphur",                B(SULFONAMIDE),                 SOURCE_LABELS},
    {"tetracycline",           B(TETRACYCLINE),                SOURCE_LABELS},
    {"tricyclic",              B(TRICYCLIC),                   SOURCE_LABELS},
    {"triptan",                B(TRIPTAN),                     SOURCE_LABELS},
};
const size_t safety_allergy_word_count = COUNT(safety_allergy_words);

/* HIGH stands for "do not write it", LOW for "better not". */
const struct safety_writing safety_writings[] = {
    {"abbreviation",   LOW,  SOURCE_ISMP},
    {"at",             LOW,  SOURCE_JOINT_COMMISSION},
    {"cc",             LOW,  SOURCE_JOINT_COMMISSION},
    {"comma",          LOW,  SOURCE_ISMP},
    {"dc",             LOW,  SOURCE_ISMP},
    {"greater",        LOW,  SOURCE_JOINT_COMMISSION},
    {"iu",             HIGH, SOURCE_JOINT_COMMISSION},
    {"latin",          LOW,  SOURCE_ISMP},
    {"less",           LOW,  SOURCE_JOINT_COMMISSION},
    {"mgso4",          HIGH, SOURCE_JOINT_COMMISSION},
    {"microgram",      LOW,  SOURCE_JOINT_COMMISSION},
    {"ms",             HIGH, SOURCE_JOINT_COMMISSION},
    {"mso4",           HIGH, SOURCE_JOINT_COMMISSION},
    {"naked-decimal",  HIGH, SOURCE_JOINT_COMMISSION},
    {"name-space",     LOW,  SOURCE_ISMP},
    {"qd",             HIGH, SOURCE_JOINT_COMMISSION},
    {"qod",            HIGH, SOURCE_JOINT_COMMISSION},
    {"trailing-zero",  HIGH, SOURCE_JOINT_COMMISSION},
    {"u",              HIGH, SOURCE_JOINT_COMMISSION},
    {"unit-space",     LOW,  SOURCE_ISMP},
};
const size_t safety_writing_count = COUNT(safety_writings);

const struct safety_abbreviation safety_abbreviations[] = {
    {"apap",     "acetaminophen",                         SOURCE_ISMP},
    {"asa",      "aspirin",                               SOURCE_ISMP},
    {"azt",      "zidovudine",                            SOURCE_ISMP},
    {"cpz",      "prochlorperazine or chlorpromazine",    SOURCE_ISMP},
    {"hct",      "hydrocortisone or hydrochlorothiazide",                       SOURCE_ISMP},
    {"hctz",     "hydrochlorothiazide",                   SOURCE_ISMP},
    {"mtx",      "methotrexate",                          SOURCE_ISMP},
    {"ntg",      "nitroglycerin",                         SOURCE_ISMP},
    {"ptu",      "propylthiouracil",                      SOURCE_ISMP},
    {"tac",      "triamcinolone or tacrolimus",           SOURCE_ISMP},
    {"znso4",    "zinc sulfate",                          SOURCE_ISMP},
};
const size_t safety_abbreviation_count = COUNT(safety_abbreviations);
/* clang-format on */
