/* protocol/safety: each rule with medicines that it is for and medicines that it is not for. */
#include "safety/find.h"

#include "support/allocator.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static const struct galen_date today = {2026, 3, 14};

/* ---- A list of medicines ----------------------------------------------------------------------------- */

#define MEDICINES_MAX 12

/* Each medicine is a name, and behind "|" what else is known: "Coumadin|pharmacy=Main St|start=2020-5-1|new". */
struct list {
    char lines[MEDICINES_MAX][200];
    uint8_t ids[MEDICINES_MAX][GALEN_RECORD_ID_BYTES];
    struct galen_bytes drugs[MEDICINES_MAX];
    struct galen_safety_medicine medicines[MEDICINES_MAX];
    struct galen_safety_allergy allergy;
    struct galen_safety_input input;
};

static struct galen_date date(const char *s)
{
    unsigned year = 0, month = 0, day = 0;
    sscanf(s, "%u-%u-%u", &year, &month, &day);
    return (struct galen_date){(uint16_t)year, (uint8_t)month, (uint8_t)day};
}

static void add_medicine(struct list *l, size_t i, const char *line)
{
    struct galen_safety_medicine *m = &l->medicines[i];
    snprintf(l->lines[i], sizeof l->lines[i], "%s", line);
    char *rest = l->lines[i], *name = strsep(&rest, "|"), *part;
    memset(l->ids[i], (int)(i + 1), sizeof l->ids[i]);
    l->drugs[i] = text(name);
    *m =
        (struct galen_safety_medicine){.record = l->ids[i], .drugs = &l->drugs[i], .drug_count = 1};
    while ((part = strsep(&rest, "|"))) {
        char *value = strchr(part, '=');
        struct galen_bytes bytes = value ? text(value + 1) : (struct galen_bytes){0};
        if (strncmp(part, "pharmacy=", 9) == 0)
            m->pharmacy = bytes;
        else if (strncmp(part, "route=", 6) == 0)
            m->route = bytes;
        else if (strncmp(part, "form=", 5) == 0)
            m->form = bytes;
        else if (strncmp(part, "start=", 6) == 0)
            m->start = date(value + 1);
        else if (strcmp(part, "new") == 0)
            m->is_new = true;
        else
            cr_assert_fail("%s", part);
    }
}

static void make_list(struct list *l, const char *const *medicines, const char *birth,
                      const char *allergy)
{
    memset(l, 0, sizeof *l);
    while (l->input.medicine_count < MEDICINES_MAX && medicines[l->input.medicine_count]) {
        add_medicine(l, l->input.medicine_count, medicines[l->input.medicine_count]);
        l->input.medicine_count++;
    }
    l->input.medicines = l->medicines;
    l->input.today = today;
    l->input.birth = date(birth ? birth : "1980-1-1");
    if (allergy) {
        static const uint8_t id[GALEN_RECORD_ID_BYTES] = {0xa1};
        l->allergy = (struct galen_safety_allergy){.record = id,
                                                   .substance = text(allergy + (allergy[0] == '~')),
                                                   .intolerance = allergy[0] == '~'};
        l->input.allergies = &l->allergy;
        l->input.allergy_count = 1;
    }
}

/* kind:rule of each finding with its gravity (h, m, l) behind, in order, a space between. */
static void summary(const struct galen_safety_findings *f, char out[2000])
{
    out[0] = 0;
    for (size_t i = 0; i < f->count; i++) {
        const char *rule = strchr(f->at[i].key, ':') + 1;
        size_t used = strlen(out);
        snprintf(out + used, 2000 - used, "%s%.*s=%c", i > 0 ? " " : "",
                 (int)(rule - f->at[i].key + (long)strcspn(rule, ":")), f->at[i].key,
                 galen_severity_name(f->at[i].severity)[0]);
    }
}

/* ---- Rules ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *medicines[6];
    const char *birth, *allergy;
    const char *found;
} cases[] = {
    {"nothing", {NULL}, NULL, NULL, ""},
    {"one medicine", {"Lisinopril"}, NULL, NULL, ""},
    {"medicines that have nothing to do with each other",
     {"lisinopril", "metformin", "levothyroxine"},
     NULL,
     NULL,
     ""},

    /* the fifteen pairs */
    {"1 amphetamine and MAOI", {"Adderall", "Nardil"}, NULL, NULL, "interaction:stimulant-maoi=h"},
    {"1 pseudoephedrine and MAOI",
     {"Sudafed", "phenelzine"},
     NULL,
     NULL,
     "interaction:stimulant-maoi=h"},
    {"1 amphetamine alone", {"Adderall", "sertraline"}, NULL, NULL, ""},
    {"2 atazanavir and PPI",
     {"Reyataz", "Prilosec OTC"},
     NULL,
     NULL,
     "interaction:atazanavir-ppi=h"},
    {"2 atazanavir and H2 blocker", {"Reyataz", "famotidine"}, NULL, NULL, ""},
    {"2 darunavir and PPI", {"Prezista", "omeprazole"}, NULL, NULL, ""},
    {"3 febuxostat and azathioprine",
     {"Uloric", "Imuran"},
     NULL,
     NULL,
     "interaction:febuxostat-thiopurine=h"},
    {"3 febuxostat and mercaptopurine",
     {"febuxostat", "mercaptopurine"},
     NULL,
     NULL,
     "interaction:febuxostat-thiopurine=h"},
    {"3 allopurinol has a row of its own",
     {"allopurinol", "azathioprine"},
     NULL,
     NULL,
     "interaction:allopurinol-thiopurine=h"},
    {"4 SSRI and MAOI", {"Prozac", "Parnate"}, NULL, NULL, "interaction:serotonergic-maoi=h"},
    {"4 SNRI and linezolid",
     {"Effexor XR", "Zyvox"},
     NULL,
     NULL,
     "interaction:serotonergic-maoi=h"},
    {"4 cough medicine and MAOI",
     {"Robitussin DM", "selegiline"},
     NULL,
     NULL,
     "interaction:serotonergic-maoi=h"},
    {"4 St. John's wort and MAOI",
     {"St. John's wort", "rasagiline"},
     NULL,
     NULL,
     "interaction:serotonergic-maoi=h"},
    {"4 SSRI and bupropion", {"Prozac", "Wellbutrin"}, NULL, NULL, ""},
    {"5 irinotecan and strong inhibitor",
     {"irinotecan", "ketoconazole"},
     NULL,
     NULL,
     "interaction:irinotecan-3a4=h"},
    {"5 irinotecan and ketoconazole shampoo",
     {"irinotecan", "ketoconazole shampoo"},
     NULL,
     NULL,
     ""},
    {"5 irinotecan and moderate inhibitor", {"irinotecan", "diltiazem"}, NULL, NULL, ""},
    {"6 opioid and MAOI", {"Demerol", "isocarboxazid"}, NULL, NULL, "interaction:opioid-maoi=h"},
    {"6 opioid and naloxone", {"oxycodone", "Narcan"}, NULL, NULL, ""},
    {"7 tricyclic and MAOI",
     {"Elavil", "tranylcypromine"},
     NULL,
     NULL,
     "interaction:tricyclic-maoi=h"},
    {"7 tricyclic and gabapentin", {"nortriptyline", "gabapentin"}, NULL, NULL, ""},
    {"8 QT and QT", {"citalopram", "Aricept"}, NULL, NULL, "interaction:qt-qt=h"},
    {"8 three of them are one finding",
     {"amiodarone", "methadone", "Zofran"},
     NULL,
     NULL,
     "interaction:qt-qt=h"},
    {"8 the same one twice is a duplicate",
     {"citalopram 10 mg", "Celexa"},
     NULL,
     NULL,
     "ingredient:citalopram=m"},
    {"8 QT alone", {"citalopram", "memantine"}, NULL, NULL, ""},
    {"8 eye drops do not count", {"citalopram", "Ciprodex"}, NULL, NULL, ""},
    {"9 ramelteon and strong CYP1A2",
     {"Rozerem", "fluvoxamine"},
     NULL,
     NULL,
     "interaction:ramelteon-1a2=h"},
    {"9 ramelteon and another SSRI", {"Rozerem", "sertraline"}, NULL, NULL, ""},
    {"10 inducer and protease inhibitor",
     {"rifampin", "Prezista"},
     NULL,
     NULL,
     "interaction:inducer-protease=h"},
    {"10 St. John's wort and protease inhibitor",
     {"St. John's wort", "atazanavir"},
     NULL,
     NULL,
     "interaction:inducer-protease=h"},
    {"10 inducer and integrase inhibitor", {"rifampin", "raltegravir"}, NULL, NULL, ""},
    {"11 statin and strong inhibitor", {"Zocor", "Biaxin"}, NULL, NULL, "interaction:statin-3a4=h"},
    {"11 statin and protease inhibitor",
     {"atorvastatin", "Kaletra"},
     NULL,
     NULL,
     "interaction:statin-3a4=h"},
    {"11 red yeast rice counts",
     {"red yeast rice", "itraconazole"},
     NULL,
     NULL,
     "interaction:statin-3a4=h"},
    {"11 combination with a statin",
     {"Caduet", "clarithromycin"},
     NULL,
     NULL,
     "interaction:statin-3a4=h"},
    {"11 simvastatin and diltiazem",
     {"simvastatin", "Cardizem CD"},
     NULL,
     NULL,
     "interaction:statin-3a4-moderate=m"},
    {"11 atorvastatin and diltiazem", {"atorvastatin", "diltiazem"}, NULL, NULL, ""},
    {"11 pravastatin is broken down otherwise", {"pravastatin", "clarithromycin"}, NULL, NULL, ""},
    {"11 azithromycin is no inhibitor", {"simvastatin", "Z-Pak"}, NULL, NULL, ""},
    {"12 ergot and strong inhibitor",
     {"Cafergot", "ritonavir"},
     NULL,
     NULL,
     "interaction:ergot-3a4=h"},
    {"12 ergot and erythromycin",
     {"ergotamine", "erythromycin"},
     NULL,
     NULL,
     "interaction:ergot-3a4-moderate=h"},
    {"12 ergot and amoxicillin", {"ergotamine", "amoxicillin"}, NULL, NULL, ""},
    {"13 tizanidine and ciprofloxacin",
     {"Zanaflex", "Cipro 500 mg"},
     NULL,
     NULL,
     "interaction:tizanidine-1a2=h"},
    {"13 tizanidine and cimetidine",
     {"tizanidine", "Tagamet"},
     NULL,
     NULL,
     "interaction:tizanidine-1a2-other=m"},
    {"13 tizanidine and cephalexin", {"tizanidine", "Keflex"}, NULL, NULL, ""},
    {"14 tranylcypromine and procarbazine",
     {"Parnate", "Matulane"},
     NULL,
     NULL,
     "interaction:tranylcypromine-procarbazine=h"},
    {"14 tranylcypromine alone", {"Parnate", "metformin"}, NULL, NULL, ""},
    {"15 triptan and MAOI", {"Imitrex", "Marplan"}, NULL, NULL, "interaction:triptan-maoi=h"},
    {"15 triptan and propranolol", {"Imitrex", "propranolol"}, NULL, NULL, ""},

    /* labels */
    {"decongestant and MAOI",
     {"Sudafed PE", "Nardil"},
     NULL,
     NULL,
     "interaction:decongestant-maoi=h"},
    {"decongestant without", {"Sudafed PE", "metformin"}, NULL, NULL, ""},
    {"bupropion and MAOI", {"Wellbutrin XL", "selegiline"}, NULL, NULL, "interaction:label-maoi=h"},
    {"ACE inhibitor and Entresto",
     {"lisinopril", "Entresto"},
     NULL,
     NULL,
     "interaction:ace-sacubitril=h class:renin=h"},
    {"anticoagulant and NSAID",
     {"Eliquis", "Aleve"},
     NULL,
     NULL,
     "interaction:anticoagulant-nsaid=h"},
    {"anticoagulant and acetaminophen", {"Eliquis", "Tylenol"}, NULL, NULL, ""},
    {"anticoagulant and diclofenac gel",
     {"Eliquis", "diclofenac|form=gel, topical"},
     NULL,
     NULL,
     ""},
    {"gemfibrozil and statin",
     {"Lopid", "rosuvastatin"},
     NULL,
     NULL,
     "interaction:fibrate-statin=h"},
    {"fenofibrate and statin", {"Tricor", "rosuvastatin"}, NULL, NULL, ""},
    {"methotrexate and trimethoprim",
     {"methotrexate", "Bactrim DS"},
     NULL,
     NULL,
     "interaction:methotrexate-trimethoprim=h"},
    {"nitrate and PDE5 inhibitor",
     {"Nitrostat", "Viagra"},
     NULL,
     NULL,
     "interaction:nitrate-pde5=h"},
    {"nitrate as an ointment counts",
     {"nitroglycerin ointment", "tadalafil"},
     NULL,
     NULL,
     "interaction:nitrate-pde5=h"},
    {"PDE5 inhibitor alone", {"Viagra", "lisinopril"}, NULL, NULL, ""},
    {"opioid and benzodiazepine", {"Norco", "Xanax"}, NULL, NULL, "interaction:opioid-sedative=h"},
    {"opioid and Z-drug", {"Norco", "Ambien"}, NULL, NULL, "interaction:opioid-sedative=h"},
    {"opioid and gabapentin", {"Norco", "Neurontin"}, NULL, NULL, "interaction:opioid-sedative=h"},
    {"opioid and melatonin", {"Norco", "melatonin"}, NULL, NULL, ""},
    /* further pairs of labels */
    {"DOAC and azole",
     {"Eliquis", "ketoconazole|start=2020-1-1"},
     NULL,
     NULL,
     "interaction:anticoagulant-3a4=h"},
    {"DOAC and carbamazepine",
     {"Xarelto", "Tegretol"},
     NULL,
     NULL,
     "interaction:anticoagulant-inducer=h"},
    {"heparin and carbamazepine", {"Lovenox", "Tegretol"}, NULL, NULL, ""},
    {"anticoagulant and clopidogrel",
     {"Coumadin", "Plavix"},
     NULL,
     NULL,
     "interaction:anticoagulant-platelet=h"},
    {"clopidogrel alone", {"Plavix", "Lipitor"}, NULL, NULL, ""},
    {"anticoagulant and prasugrel",
     {"Eliquis", "Effient"},
     NULL,
     NULL,
     "interaction:anticoagulant-platelet=h"},
    {"beta blocker and verapamil",
     {"metoprolol", "verapamil"},
     NULL,
     NULL,
     "interaction:beta-blocker-verapamil=m"},
    {"beta blocker and amlodipine", {"metoprolol", "amlodipine"}, NULL, NULL, ""},
    {"clopidogrel and omeprazole",
     {"Plavix", "Prilosec OTC"},
     NULL,
     NULL,
     "interaction:clopidogrel-ppi=m"},
    {"clopidogrel and pantoprazole", {"Plavix", "Protonix"}, NULL, NULL, ""},
    {"colchicine and clarithromycin",
     {"Colcrys", "clarithromycin"},
     NULL,
     NULL,
     "interaction:colchicine-3a4=h"},
    {"colchicine and azithromycin", {"Colcrys", "azithromycin"}, NULL, NULL, ""},
    {"digoxin and amiodarone", {"Lanoxin", "Pacerone"}, NULL, NULL, "interaction:digoxin-level=h"},
    {"digoxin and amlodipine", {"Lanoxin", "amlodipine"}, NULL, NULL, ""},
    {"ergot and triptan", {"Cafergot", "Imitrex"}, NULL, NULL, "interaction:ergot-triptan=h"},
    {"isotretinoin and doxycycline",
     {"Absorica", "doxycycline"},
     NULL,
     NULL,
     "interaction:isotretinoin-tetracycline=h"},
    {"isotretinoin and amoxicillin", {"Absorica", "amoxicillin"}, NULL, NULL, ""},
    {"lithium and NSAID", {"Lithobid", "Advil"}, NULL, NULL, "interaction:lithium-kidney=h"},
    {"lithium and ACE inhibitor",
     {"lithium carbonate", "lisinopril"},
     NULL,
     NULL,
     "interaction:lithium-kidney=h"},
    {"lithium and acetaminophen", {"Lithobid", "Tylenol"}, NULL, NULL, ""},
    {"lithium and thiazide",
     {"Lithobid", "chlorthalidone"},
     NULL,
     NULL,
     "interaction:lithium-kidney=h"},
    {"lithium and furosemide", {"Lithobid", "furosemide"}, NULL, NULL, ""},
    {"methotrexate and NSAID",
     {"Trexall", "naproxen"},
     NULL,
     NULL,
     "interaction:methotrexate-nsaid=m"},
    {"methotrexate and acetaminophen", {"Trexall", "Tylenol"}, NULL, NULL, ""},
    {"potassium and ACE inhibitor",
     {"Klor-Con", "lisinopril"},
     NULL,
     NULL,
     "interaction:potassium-renin=m"},
    {"ARB and spironolactone",
     {"losartan potassium", "Aldactone"},
     NULL,
     NULL,
     "interaction:potassium-renin=m"},
    {"a salt is no potassium", {"losartan potassium", "penicillin v potassium"}, NULL, NULL, ""},
    {"potassium and spironolactone",
     {"potassium chloride", "Aldactone"},
     NULL,
     NULL,
     "interaction:potassium-sparing=h"},
    {"potassium and triamterene",
     {"potassium chloride", "Dyazide"},
     NULL,
     NULL,
     "interaction:potassium-sparing=h"},
    {"ACE inhibitor and amiloride",
     {"lisinopril", "Midamor"},
     NULL,
     NULL,
     "interaction:potassium-renin=m"},
    {"ACE inhibitor and thiazide", {"lisinopril", "hydrochlorothiazide"}, NULL, NULL, ""},
    {"ARB and trimethoprim",
     {"losartan", "Bactrim"},
     NULL,
     NULL,
     "interaction:potassium-trimethoprim=m"},
    {"spironolactone and trimethoprim",
     {"Aldactone", "trimethoprim"},
     NULL,
     NULL,
     "interaction:potassium-trimethoprim=m"},
    {"ARB and amoxicillin", {"losartan", "amoxicillin"}, NULL, NULL, ""},
    {"aliskiren and ACE inhibitor",
     {"Tekturna", "lisinopril"},
     NULL,
     NULL,
     "interaction:aliskiren-renin=h"},
    {"aliskiren and amlodipine", {"Tekturna", "amlodipine"}, NULL, NULL, ""},
    {"riociguat and nitrate",
     {"Adempas", "nitroglycerin"},
     NULL,
     NULL,
     "interaction:riociguat-nitrate=h"},
    {"simvastatin and amiodarone",
     {"Zocor", "Pacerone"},
     NULL,
     NULL,
     "interaction:statin-amiodarone=m"},
    {"rosuvastatin and amiodarone", {"Crestor", "Pacerone"}, NULL, NULL, ""},
    {"simvastatin and amlodipine",
     {"Zocor", "Norvasc"},
     NULL,
     NULL,
     "interaction:statin-amlodipine=m"},
    {"simvastatin and ranolazine",
     {"Zocor", "ranolazine"},
     NULL,
     NULL,
     "interaction:statin-amlodipine=m"},
    {"lovastatin and amlodipine", {"lovastatin", "Norvasc"}, NULL, NULL, ""},
    {"simvastatin and danazol", {"Zocor", "danazol"}, NULL, NULL, "interaction:statin-danazol=h"},
    {"atorvastatin and danazol", {"Lipitor", "danazol"}, NULL, NULL, ""},
    {"simvastatin and erythromycin",
     {"Zocor", "erythromycin"},
     NULL,
     NULL,
     "interaction:statin-erythromycin=h"},
    {"simvastatin and azithromycin", {"Zocor", "Zithromax"}, NULL, NULL, ""},
    {"simvastatin and cyclosporine",
     {"Zocor", "Neoral"},
     NULL,
     NULL,
     "interaction:statin-cyclosporine=h"},
    {"statin and cyclosporine",
     {"Crestor", "Neoral"},
     NULL,
     NULL,
     "interaction:statin-cyclosporine=h"},
    {"statin and cyclosporine drops", {"Crestor", "Restasis|route=eye"}, NULL, NULL, ""},
    {"theophylline and ciprofloxacin",
     {"Theo-24", "Cipro"},
     NULL,
     NULL,
     "interaction:theophylline-1a2=h"},
    {"theophylline and levofloxacin", {"Theo-24", "Levaquin"}, NULL, NULL, ""},
    {"thioridazine and fluoxetine",
     {"thioridazine", "Prozac"},
     NULL,
     NULL,
     "interaction:thioridazine-2d6=h"},
    {"thioridazine and sertraline", {"thioridazine", "sertraline"}, NULL, NULL, ""},
    {"tramadol and SSRI", {"Ultram", "Zoloft"}, NULL, NULL, "interaction:tramadol-serotonergic=h"},
    {"tramadol and acetaminophen", {"Ultram", "Tylenol"}, NULL, NULL, ""},
    {"warfarin and amiodarone",
     {"Coumadin", "Pacerone"},
     NULL,
     NULL,
     "interaction:warfarin-amiodarone=h"},
    {"St. John's wort and warfarin",
     {"St John's wort", "Coumadin"},
     NULL,
     NULL,
     "interaction:wort-anticoagulant=h"},
    {"St. John's wort and SSRI",
     {"St John's wort", "Zoloft"},
     NULL,
     NULL,
     "interaction:wort-antidepressant=h"},
    {"St. John's wort and the pill",
     {"St John's wort", "Yaz"},
     NULL,
     NULL,
     "interaction:wort-contraceptive=h"},
    {"valerian and the pill", {"valerian", "Yaz"}, NULL, NULL, ""},

    {"an opioid's patch reaches the blood",
     {"Duragesic|route=skin", "diazepam"},
     NULL,
     NULL,
     "interaction:opioid-sedative=h"},
    {"however it is said to be put there",
     {"Butrans|route=topical", "Xanax"},
     NULL,
     NULL,
     "interaction:opioid-sedative=h"},
    {"an MAO inhibitor's patch, too",
     {"Emsam|route=on the skin", "Zoloft"},
     NULL,
     NULL,
     "interaction:serotonergic-maoi=h"},
    {"a gel on the skin stays there",
     {"warfarin", "diclofenac|route=skin|form=gel"},
     NULL,
     NULL,
     ""},

    {"digoxin and clarithromycin",
     {"Lanoxin", "Biaxin"},
     NULL,
     NULL,
     "interaction:digoxin-level=h"},
    {"digoxin and azithromycin", {"Lanoxin", "azithromycin"}, NULL, NULL, ""},
    {"viloxazine and MAOI", {"Qelbree", "Nardil"}, NULL, NULL, "interaction:label-maoi=h"},
    {"carbamazepine and MAOI", {"Tegretol", "Nardil"}, NULL, NULL, "interaction:label-maoi=h"},
    {"opioid and baclofen", {"Norco", "baclofen"}, NULL, NULL, "interaction:opioid-sedative=h"},
    {"opioid and a barbiturate",
     {"OxyContin", "phenobarbital"},
     NULL,
     NULL,
     "interaction:opioid-sedative=h"},
    {"opioid and butalbital",
     {"OxyContin", "Fiorinal"},
     NULL,
     NULL,
     "interaction:opioid-sedative=h"},
    {"anticoagulant and bismuth",
     {"Coumadin", "Pepto-Bismol"},
     NULL,
     NULL,
     "interaction:anticoagulant-nsaid=h"},
    {"colchicine and cyclosporine",
     {"Colcrys", "Neoral"},
     NULL,
     NULL,
     "interaction:colchicine-3a4=h"},
    {"tramadol and trazodone",
     {"Ultram", "trazodone"},
     NULL,
     NULL,
     "interaction:tramadol-serotonergic=h"},
    {"tramadol and bupropion",
     {"Ultram", "Wellbutrin"},
     NULL,
     NULL,
     "interaction:tramadol-serotonergic=h"},
    {"St. John's wort and a tricyclic",
     {"St John's wort", "amitriptyline"},
     NULL,
     NULL,
     "interaction:wort-antidepressant=h"},
    {"St. John's wort and a triptan",
     {"St John's wort", "Imitrex"},
     NULL,
     NULL,
     "interaction:wort-antidepressant=h"},
    {"St. John's wort twice is no pair of its own",
     {"St John's wort", "hypericum"},
     NULL,
     NULL,
     "ingredient:st johns wort=m"},
    {"St. John's wort and the pill without estrogen",
     {"St John's wort", "Opill"},
     NULL,
     NULL,
     "interaction:wort-contraceptive=h"},
    {"amiodarone and sofosbuvir",
     {"Pacerone", "Epclusa"},
     NULL,
     NULL,
     "interaction:amiodarone-sofosbuvir=h"},
    {"dabigatran and rifampin",
     {"Pradaxa", "Rifadin|start=2020-1-1"},
     NULL,
     NULL,
     "interaction:anticoagulant-rifampin=h"},
    {"dabigatran and carbamazepine", {"Pradaxa", "Tegretol"}, NULL, NULL, ""},
    {"warfarin and SSRI",
     {"Coumadin", "Zoloft"},
     NULL,
     NULL,
     "interaction:anticoagulant-serotonin=m"},
    {"apixaban and vilazodone",
     {"Eliquis", "Viibryd"},
     NULL,
     NULL,
     "interaction:anticoagulant-serotonin=m"},
    {"warfarin and mirtazapine", {"Coumadin", "Remeron"}, NULL, NULL, ""},
    {"carbamazepine and clarithromycin",
     {"Tegretol", "Biaxin"},
     NULL,
     NULL,
     "interaction:carbamazepine-3a4=h"},
    {"carbamazepine and erythromycin",
     {"Tegretol", "erythromycin"},
     NULL,
     NULL,
     "interaction:carbamazepine-3a4=h"},
    {"carbamazepine and azithromycin", {"Tegretol", "azithromycin"}, NULL, NULL, ""},
    {"clozapine and ciprofloxacin",
     {"Clozaril", "Cipro"},
     NULL,
     NULL,
     "interaction:clozapine-1a2=h"},
    {"clozapine and levofloxacin", {"Clozaril", "Levaquin"}, NULL, NULL, ""},
    {"the pill and carbamazepine",
     {"Yaz", "Tegretol"},
     NULL,
     NULL,
     "interaction:contraceptive-inducer=h"},
    {"the implant and topiramate",
     {"Nexplanon", "Topamax"},
     NULL,
     NULL,
     "interaction:contraceptive-inducer=h"},
    {"the hormone coil and carbamazepine", {"Mirena", "Tegretol"}, NULL, NULL, ""},
    {"the pill and lamotrigine", {"Yaz", "Lamictal"}, NULL, NULL, ""},
    {"the pill and tranexamic acid",
     {"Yaz", "tranexamic acid"},
     NULL,
     NULL,
     "interaction:contraceptive-tranexamic=h"},
    {"disulfiram and metronidazole",
     {"Antabuse", "Flagyl"},
     NULL,
     NULL,
     "interaction:disulfiram-metronidazole=h"},
    {"disulfiram and amoxicillin", {"Antabuse", "amoxicillin"}, NULL, NULL, ""},
    {"dofetilide and a thiazide",
     {"Tikosyn", "HCTZ"},
     NULL,
     NULL,
     "interaction:dofetilide-label=h"},
    {"dofetilide and trimethoprim",
     {"Tikosyn", "Bactrim"},
     NULL,
     NULL,
     "interaction:dofetilide-label=h"},
    {"dofetilide and furosemide", {"Tikosyn", "furosemide"}, NULL, NULL, ""},
    {"ranolazine and ketoconazole",
     {"Ranexa", "ketoconazole"},
     NULL,
     NULL,
     "interaction:label-3a4=h"},
    {"ticagrelor and ritonavir", {"Brilinta", "Paxlovid"}, NULL, NULL, "interaction:label-3a4=h"},
    {"terazosin and ketoconazole", {"Hytrin", "ketoconazole"}, NULL, NULL, ""},
    {"lamotrigine and valproate",
     {"Lamictal", "Depakote"},
     NULL,
     NULL,
     "interaction:lamotrigine-valproate=h"},
    {"oxycodone and ritonavir", {"OxyContin", "Paxlovid"}, NULL, NULL, "interaction:opioid-3a4=h"},
    {"fentanyl and fluconazole", {"Duragesic", "Diflucan"}, NULL, NULL, "interaction:opioid-3a4=h"},
    {"morphine and clarithromycin", {"MS Contin", "Biaxin"}, NULL, NULL, ""},
    {"opioid and naltrexone", {"Norco", "Contrave"}, NULL, NULL, "interaction:opioid-antagonist=h"},
    {"opioid and samidorphan", {"Norco", "Lybalvi"}, NULL, NULL, "interaction:opioid-antagonist=h"},
    {"opioid and what works in the gut alone", {"Norco", "Relistor"}, NULL, NULL, ""},
    {"PDE5 inhibitor and ritonavir", {"Viagra", "Paxlovid"}, NULL, NULL, "interaction:pde5-3a4=m"},
    {"PDE5 inhibitor and azithromycin", {"Viagra", "azithromycin"}, NULL, NULL, ""},
    {"spironolactone and triamterene",
     {"Aldactone", "Dyazide"},
     NULL,
     NULL,
     "interaction:potassium-sparing-two=h"},
    {"repaglinide and gemfibrozil",
     {"Prandin", "Lopid"},
     NULL,
     NULL,
     "interaction:repaglinide-gemfibrozil=h"},
    {"repaglinide and fenofibrate", {"Prandin", "Tricor"}, NULL, NULL, ""},
    {"ritonavir and amiodarone",
     {"Paxlovid", "Pacerone"},
     NULL,
     NULL,
     "interaction:ritonavir-rhythm=h"},
    {"alprazolam and ketoconazole",
     {"Xanax", "ketoconazole"},
     NULL,
     NULL,
     "interaction:sedative-3a4=h"},
    {"lorazepam and ketoconazole", {"Ativan", "ketoconazole"}, NULL, NULL, ""},
    {"sulfonylurea and sulfamethoxazole",
     {"glyburide", "Bactrim"},
     NULL,
     NULL,
     "interaction:sulfonylurea-infection=m"},
    {"sulfonylurea and quinolone",
     {"glipizide", "Levaquin"},
     NULL,
     NULL,
     "interaction:sulfonylurea-infection=m"},
    {"sulfonylurea and amoxicillin", {"glipizide", "amoxicillin"}, NULL, NULL, ""},
    {"tamoxifen and paroxetine", {"Nolvadex", "Paxil"}, NULL, NULL, "interaction:tamoxifen-2d6=m"},
    {"tamoxifen and venlafaxine", {"Nolvadex", "Effexor"}, NULL, NULL, ""},
    {"theophylline and erythromycin",
     {"Theo-24", "erythromycin"},
     NULL,
     NULL,
     "interaction:theophylline-other=m"},
    {"tacrolimus and ritonavir",
     {"Prograf", "Paxlovid"},
     NULL,
     NULL,
     "interaction:transplant-3a4=h"},
    {"tacrolimus and azithromycin", {"Prograf", "azithromycin"}, NULL, NULL, ""},
    {"cyclosporine and St. John's wort",
     {"Neoral", "St John's wort"},
     NULL,
     NULL,
     "interaction:transplant-inducer=h"},
    {"valproate and meropenem",
     {"Depakote", "meropenem"},
     NULL,
     NULL,
     "interaction:valproate-carbapenem=h"},
    {"valproate and ceftriaxone", {"Depakote", "Rocephin"}, NULL, NULL, ""},
    {"warfarin and capecitabine",
     {"Coumadin", "Xeloda"},
     NULL,
     NULL,
     "interaction:warfarin-cancer=h"},
    {"apixaban and capecitabine", {"Eliquis", "Xeloda"}, NULL, NULL, ""},
    {"warfarin and phenytoin",
     {"Coumadin", "Dilantin"},
     NULL,
     NULL,
     "interaction:warfarin-inducer=m"},
    {"St. John's wort and digoxin",
     {"St John's wort", "Lanoxin"},
     NULL,
     NULL,
     "interaction:wort-level=h"},
    {"St. John's wort and lisinopril", {"St John's wort", "lisinopril"}, NULL, NULL, ""},
    {"warfarin and an antibiotic that is none of the old ones",
     {"warfarin", "Xenleta|new"},
     NULL,
     NULL,
     "short-term:warfarin=h"},

    /* a short course beside an anticoagulant */
    {"warfarin and a new antibiotic",
     {"warfarin|start=2019-1-1", "Bactrim DS|start=2026-3-10"},
     NULL,
     NULL,
     "short-term:warfarin=h"},
    {"from another pharmacy",
     {"warfarin|pharmacy=Main St", "amoxicillin|pharmacy=Corner Drug|new"},
     NULL,
     NULL,
     "short-term:warfarin-elsewhere=h pharmacies:several=l"},
    {"from the same, written otherwise",
     {"warfarin|pharmacy=Main St.", "amoxicillin|pharmacy=MAIN ST|new"},
     NULL,
     NULL,
     "short-term:warfarin=h"},
    {"direct anticoagulant and an azole",
     {"Xarelto|start=2020", "Diflucan|start=2026-3-1"},
     NULL,
     NULL,
     "short-term:anticoagulant=m"},
    {"begun at a time not known", {"warfarin", "cephalexin"}, NULL, NULL, "short-term:warfarin=h"},
    {"taken for half a year", {"warfarin", "nitrofurantoin|start=2025-9-1"}, NULL, NULL, ""},
    {"61 days", {"warfarin", "doxycycline|start=2026-1-12"}, NULL, NULL, ""},
    {"60 days", {"warfarin", "doxycycline|start=2026-1-13"}, NULL, NULL, "short-term:warfarin=h"},
    {"antibiotic ointment", {"warfarin", "erythromycin|route=eye|new"}, NULL, NULL, ""},
    {"vaginal creams reach the blood",
     {"warfarin", "Monistat|route=vaginal|form=cream|new"},
     NULL,
     NULL,
     "short-term:warfarin=h"},
    {"by name alone",
     {"warfarin", "miconazole vaginal cream|new"},
     NULL,
     NULL,
     "short-term:warfarin=h"},
    {"rifampin, too",
     {"Coumadin", "Rifadin|new"},
     NULL,
     NULL,
     "short-term:warfarin=h interaction:warfarin-inducer=m"},
    {"antibiotic without an anticoagulant", {"clopidogrel", "amoxicillin|new"}, NULL, NULL, ""},

    /* the same ingredient */
    {"brand and generic", {"Zestril", "lisinopril 20 mg"}, NULL, NULL, "ingredient:lisinopril=m"},
    {"acetaminophen in a combination",
     {"Percocet", "Tylenol PM"},
     NULL,
     NULL,
     "ingredient:acetaminophen=h"},
    {"acetaminophen over the counter twice",
     {"NyQuil", "Excedrin Migraine"},
     NULL,
     NULL,
     "ingredient:acetaminophen=h"},
    {"three of them", {"Tylenol", "NyQuil", "Norco"}, NULL, NULL, "ingredient:acetaminophen=h"},
    {"vitamin in two products", {"vitamin D3", "Caltrate"}, NULL, NULL, "ingredient:vitamin d=l"},
    {"tablet and gel", {"diclofenac", "Voltaren gel"}, NULL, NULL, "ingredient:diclofenac=l"},
    {"different insulins", {"Lantus", "Humalog"}, NULL, NULL, ""},
    {"one that is not recognised", {"Tylenol", "Tylenol Something"}, NULL, NULL, ""},
    {"a salt is no ingredient",
     {"losartan potassium", "potassium chloride"},
     NULL,
     NULL,
     "interaction:potassium-renin=m"},

    /* the same kind */
    {"two NSAIDs", {"Advil", "Aleve"}, NULL, NULL, "class:nsaid=h"},
    {"NSAID and acetaminophen", {"Advil", "Tylenol"}, NULL, NULL, ""},
    {"ACE inhibitor and ARB", {"lisinopril", "losartan"}, NULL, NULL, "class:renin=h"},
    {"ACE inhibitor and calcium channel blocker", {"lisinopril", "amlodipine"}, NULL, NULL, ""},
    {"two statins", {"Lipitor", "rosuvastatin"}, NULL, NULL, "class:statin=h"},
    {"statin and ezetimibe", {"Lipitor", "Zetia"}, NULL, NULL, ""},
    {"PPI and H2 blocker", {"Nexium", "Pepcid AC"}, NULL, NULL, "class:acid=l"},
    {"PPI and antacid", {"Nexium", "Tums"}, NULL, NULL, ""},
    {"SSRI and SNRI", {"Zoloft", "Cymbalta"}, NULL, NULL, "class:serotonin=h"},
    {"SSRI and vortioxetine", {"Zoloft", "Trintellix"}, NULL, NULL, "class:serotonin=h"},
    {"SSRI and mirtazapine", {"Zoloft", "Remeron"}, NULL, NULL, ""},
    {"benzodiazepine and Z-drug", {"Ativan", "Ambien"}, NULL, NULL, "class:sedative=h"},
    {"benzodiazepine and melatonin", {"Ativan", "melatonin"}, NULL, NULL, ""},
    {"two opioids", {"OxyContin", "tramadol"}, NULL, NULL, "class:opioid=h"},
    {"opioid and loperamide", {"OxyContin", "Imodium"}, NULL, NULL, ""},
    {"two anticoagulants",
     {"warfarin", "Lovenox|route=under the skin"},
     NULL,
     NULL,
     "class:anticoagulant=h"},
    {"anticoagulant and clopidogrel are of two kinds",
     {"warfarin", "Plavix"},
     NULL,
     NULL,
     "interaction:anticoagulant-platelet=h"},
    {"an injection into the skin reaches the blood",
     {"warfarin", "Lovenox|route=into the skin"},
     NULL,
     NULL,
     "class:anticoagulant=h"},
    {"two antihistamines", {"Benadryl", "Zyrtec"}, NULL, NULL, "class:antihistamine=m"},
    {"antihistamine in a sleep aid", {"Advil PM", "Claritin"}, NULL, NULL, "class:antihistamine=m"},
    {"antihistamine and montelukast", {"Zyrtec", "Singulair"}, NULL, NULL, ""},
    {"two beta blockers", {"metoprolol", "Coreg"}, NULL, NULL, "class:beta-blocker=h"},
    {"beta blocker in the eye counts",
     {"metoprolol", "timolol eye drops"},
     NULL,
     NULL,
     "class:beta-blocker=h"},
    {"beta blocker and alpha blocker", {"metoprolol", "tamsulosin"}, NULL, NULL, ""},
    {"two sulfonylureas", {"glipizide", "Amaryl"}, NULL, NULL, "class:sulfonylurea=h"},
    {"sulfonylurea and metformin", {"glipizide", "metformin"}, NULL, NULL, ""},
    {"one medicine with two of a kind is none", {"Aggrenox"}, NULL, NULL, ""},

    /* age */
    {"65: antihistamine", {"Tylenol PM"}, "1950-1-1", NULL, "age:antihistamine=m"},
    {"65: tricyclic", {"amitriptyline"}, "1950-1-1", NULL, "age:anticholinergic=m"},
    {"65: paroxetine", {"Paxil"}, "1950-1-1", NULL, "age:anticholinergic=m"},
    {"65: antispasmodic", {"dicyclomine"}, "1950-1-1", NULL, "age:anticholinergic=m"},
    {"65: another antidepressant", {"sertraline"}, "1950-1-1", NULL, ""},
    {"65: atropine in the eye", {"atropine eye drops"}, "1950-1-1", NULL, ""},
    {"65: indomethacin", {"indomethacin"}, "1950-1-1", NULL, "age:indomethacin=m"},
    {"65: another NSAID", {"naproxen"}, "1950-1-1", NULL, ""},
    {"65: meperidine", {"meperidine"}, "1950-1-1", NULL, "age:meperidine=m"},
    {"65: another opioid", {"oxycodone"}, "1950-1-1", NULL, ""},
    {"65: later antihistamine", {"Claritin"}, "1950-1-1", NULL, ""},
    {"65: benzodiazepine", {"lorazepam"}, "1950-1-1", NULL, "age:benzodiazepine=m"},
    {"65: buspirone", {"buspirone"}, "1950-1-1", NULL, ""},
    {"65: Z-drug", {"zolpidem"}, "1950-1-1", NULL, "age:z-drug=m"},
    {"65: muscle relaxant", {"Flexeril"}, "1950-1-1", NULL, "age:muscle-relaxant=m"},
    {"65: baclofen", {"baclofen"}, "1950-1-1", NULL, ""},
    {"65: long-acting sulfonylurea", {"glyburide"}, "1950-1-1", NULL, "age:sulfonylurea=m"},
    {"65: glipizide", {"glipizide"}, "1950-1-1", NULL, ""},
    {"65: new warfarin", {"warfarin|start=2026-2-1"}, "1950-1-1", NULL, "age:warfarin=m"},
    {"65: warfarin for years", {"warfarin|start=2015-2-1"}, "1950-1-1", NULL, ""},
    {"65: warfarin since nobody knows", {"warfarin"}, "1950-1-1", NULL, ""},
    {"65: proposed rivaroxaban", {"Xarelto|new"}, "1950-1-1", NULL, "age:rivaroxaban=m"},
    {"65: apixaban", {"Eliquis|new"}, "1950-1-1", NULL, ""},
    {"65: antihistamine cream", {"diphenhydramine cream"}, "1950-1-1", NULL, ""},
    {"65 today", {"lorazepam"}, "1961-3-14", NULL, "age:benzodiazepine=m"},
    {"65 tomorrow", {"lorazepam"}, "1961-3-15", NULL, ""},
    {"65 perhaps", {"lorazepam"}, "1961", NULL, "age:benzodiazepine=m"},
    {"younger", {"lorazepam", "glyburide", "Benadryl"}, "1990-1-1", NULL, ""},

    /* allergies */
    {"allergy to the ingredient", {"amoxicillin"}, NULL, "Amoxicillin", "allergy:same=h"},
    {"allergy by its brand", {"Amoxil"}, NULL, "Augmentin", "allergy:same=h"},
    {"allergy to the class", {"Augmentin"}, NULL, "penicillins", "allergy:class=h"},
    {"sulfa", {"Bactrim"}, NULL, "Sulfa drugs", "allergy:class=h"},
    {"sulfa and zonisamide", {"Zonegran"}, NULL, "Sulfa drugs", "allergy:sulfonamide=m"},
    {"a sulfonamide and celecoxib", {"Celebrex"}, NULL, "Bactrim", "allergy:sulfonamide=m"},
    {"celecoxib and a sulfonamide", {"Bactrim"}, NULL, "Celebrex", ""},
    {"sulfa and ibuprofen", {"ibuprofen"}, NULL, "Sulfa drugs", ""},
    {"sulfa and a diuretic", {"hydrochlorothiazide"}, NULL, "Sulfa drugs", ""},
    {"sulfa among others", {"Bactrim"}, NULL, "latex, sulfa", "allergy:class=h"},
    {"related", {"ibuprofen"}, NULL, "aspirin", "allergy:related=h"},
    {"one penicillin and another", {"ampicillin"}, NULL, "Amoxicillin", "allergy:related=h"},
    {"one statin and another", {"Crestor"}, NULL, "Lipitor", "allergy:related=m"},
    {"as it is abbreviated", {"amoxicillin"}, NULL, "PCN allergy", "allergy:class=h"},
    {"the first of two", {"amoxicillin"}, NULL, "penicillin and sulfa", "allergy:class=h"},
    {"the second of two", {"Bactrim"}, NULL, "penicillin and sulfa", "allergy:class=h"},
    {"with a sign between", {"Bactrim"}, NULL, "PCN & sulfa drugs", "allergy:class=h"},
    {"with what happened",
     {"amoxicillin"},
     NULL,
     "penicillin - hives as a child",
     "allergy:class=h"},
    {"a class of several words",
     {"lisinopril"},
     NULL,
     "cough from ACE inhibitors",
     "allergy:class=h"},
    {"hidden salicylate", {"Pepto-Bismol"}, NULL, "aspirin", "allergy:related=m"},
    {"penicillin and cephalosporin", {"cephalexin"}, NULL, "Penicillin", "allergy:cross=l"},
    {"intolerance weighs less", {"codeine"}, NULL, "~codeine", "allergy:same=m"},
    {"another class", {"azithromycin"}, NULL, "Penicillin", ""},
    {"peanuts", {"azithromycin"}, NULL, "Peanuts", ""},

    /* pharmacies */
    {"two pharmacies",
     {"lisinopril|pharmacy=Main St", "metformin|pharmacy=Corner Drug"},
     NULL,
     NULL,
     "pharmacies:several=l"},
    {"one pharmacy",
     {"lisinopril|pharmacy=Main St", "metformin|pharmacy=main st.", "levothyroxine"},
     NULL,
     NULL,
     ""},
    /* what is taken for long */
    {"fluconazole for long beside warfarin",
     {"warfarin", "fluconazole|start=2024-1-1"},
     NULL,
     NULL,
     "short-term:warfarin-long=h"},
    {"nitrofurantoin for long beside warfarin",
     {"warfarin", "nitrofurantoin|start=2024-1-1"},
     NULL,
     NULL,
     ""},
    {"fluconazole for long beside apixaban",
     {"apixaban", "fluconazole|start=2024-1-1"},
     NULL,
     NULL,
     ""},
    {"two incretins", {"Ozempic", "Mounjaro"}, NULL, NULL, "class:incretin=m"},
    {"incretin and gliptin", {"Trulicity", "Janumet"}, NULL, NULL, "class:incretin=m"},
    {"incretin and metformin", {"Ozempic", "metformin"}, NULL, NULL, ""},
    {"two gliflozins", {"Jardiance", "Xigduo XR"}, NULL, NULL, "class:gliflozin=m"},
    {"two inhalers that act long", {"Anoro Ellipta", "Symbicort"}, NULL, NULL, "class:laba=h"},
    {"one that acts long in two inhalers",
     {"Breo Ellipta", "Anoro Ellipta"},
     NULL,
     NULL,
     "ingredient:vilanterol=h"},
    {"isosorbide, whichever, and sildenafil",
     {"isosorbide", "Viagra"},
     NULL,
     NULL,
     "interaction:nitrate-pde5=h"},
    {"a quick inhaler beside one that acts long", {"albuterol", "Breo Ellipta"}, NULL, NULL, ""},
    {"two dihydropyridines", {"amlodipine", "nifedipine"}, NULL, NULL, "class:calcium-blocker=m"},
    {"two thiazides", {"lisinopril HCTZ", "chlorthalidone"}, NULL, NULL, "class:thiazide=m"},
    {"thiazide and loop diuretic", {"HCTZ", "furosemide"}, NULL, NULL, ""},
    {"digoxin twice", {"digoxin", "Lanoxin"}, NULL, NULL, "ingredient:digoxin=h"},
    {"methotrexate twice", {"methotrexate", "Trexall"}, NULL, NULL, "ingredient:methotrexate=h"},
    {"one insulin twice", {"Lantus", "Basaglar"}, NULL, NULL, "ingredient:insulin glargine=h"},
    {"two insulins", {"Lantus", "Humalog"}, NULL, NULL, ""},
    {"levodopa and metoclopramide",
     {"Sinemet", "Reglan"},
     NULL,
     NULL,
     "interaction:levodopa-blocker=m"},
    {"levodopa and quetiapine", {"Sinemet", "quetiapine"}, NULL, NULL, ""},
    {"ritonavir and salmeterol", {"Paxlovid", "Advair"}, NULL, NULL, "interaction:label-3a4=h"},
    {"clarithromycin and tamsulosin",
     {"clarithromycin", "Flomax"},
     NULL,
     NULL,
     "interaction:label-3a4=h"},
    {"ibrutinib and clarithromycin",
     {"Imbruvica", "Biaxin"},
     NULL,
     NULL,
     "interaction:label-3a4=h"},
    {"neomycin, in an ointment", {"Neosporin"}, NULL, "neomycin", "allergy:same=h"},
    {"warfarin and vitamin K",
     {"Coumadin", "Vitamin K2"},
     NULL,
     NULL,
     "interaction:warfarin-vitamin-k=m"},
    {"apixaban and vitamin K", {"Eliquis", "Vitamin K2"}, NULL, NULL, ""},
    {"sacubitril after an ACE inhibitor", {"Entresto"}, NULL, "lisinopril", "allergy:angioedema=m"},
    {"an ARB after an ACE inhibitor", {"losartan"}, NULL, "lisinopril", ""},
    {"penicillin, in a patient's words", {"Augmentin"}, NULL, "the cillins", "allergy:class=h"},
    {"sulfa, in a patient's words", {"Bactrim"}, NULL, "sulfur drugs", "allergy:class=h"},
    {"a blood thinner, in a patient's words",
     {"Eliquis"},
     NULL,
     "blood thinners",
     "allergy:class=h"},
};

Test(safety_find, each_rule_finds_what_it_is_for_and_nothing_else)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list l;
        char found[2000];
        make_list(&l, cases[i].medicines, cases[i].birth, cases[i].allergy);
        struct galen_safety_findings *f = galen_safety_find(&l.input);
        cr_assert_not_null(f);
        summary(f, found);
        cr_expect_str_eq(found, cases[i].found, "%s: %s", cases[i].name, found);
        galen_safety_findings_free(f);
    }
}

/* A switch of each check has a test of its own (tests/mutation). */
static void finds(const char *one, const char *other, const char *birth, const char *allergy,
                  const char *expected)
{
    struct list l;
    char found[2000];
    make_list(&l, (const char *const[]){one, other, NULL}, birth, allergy);
    struct galen_safety_findings *f = galen_safety_find(&l.input);
    cr_assert_not_null(f);
    summary(f, found);
    cr_assert_str_eq(found, expected);
    galen_safety_findings_free(f);
}

Test(safety_find, an_interaction_is_found)
{
    finds("Parnate", "Imitrex", NULL, NULL, "interaction:triptan-maoi=h");
}
Test(safety_find, an_ingredient_taken_twice_is_found)
{
    finds("Percocet", "Tylenol", NULL, NULL, "ingredient:acetaminophen=h");
}
Test(safety_find, two_of_a_kind_are_found)
{
    finds("Advil", "Aleve", NULL, NULL, "class:nsaid=h");
}
Test(safety_find, what_is_young_is_not_old)
{
    finds("lorazepam", NULL, "1990", NULL, "");
}
Test(safety_find, an_allergy_is_found)
{
    finds("amoxicillin", NULL, NULL, "penicillin", "allergy:class=h");
}
Test(safety_find, a_long_course_is_no_short_one)
{
    finds("warfarin", "nitrofurantoin|start=2024", NULL, NULL, "");
}
Test(safety_find, one_pharmacy_is_not_several)
{
    finds("lisinopril|pharmacy=Main St", NULL, NULL, NULL, "");
}

/* ---- What is said ------------------------------------------------------------------------------------------ */

static bool says(const struct galen_safety_findings *f, const char *piece)
{
    for (size_t i = 0; i < f->gap_count; i++)
        if (strstr(f->gaps[i].what, piece))
            return true;
    return false;
}

Test(safety_find, a_finding_says_why_from_which_list_and_what_could_be_done)
{
    struct list l;
    make_list(&l, (const char *const[]){"Parnate", "Imitrex 50 mg", NULL}, NULL, NULL);
    struct galen_safety_findings *f = galen_safety_find(&l.input);
    cr_assert_eq(f->count, 1);
    const struct galen_safety_finding *one = &f->at[0];
    cr_assert_str_eq(one->key, "interaction:triptan-maoi:01010101010101010101010101010101+"
                               "02020202020202020202020202020202");
    cr_assert_str_eq(
        one->title,
        "Imitrex 50 mg (sumatriptan) and Parnate (tranylcypromine): triptan with an MAO inhibitor");
    cr_assert_str_eq(one->source->key, "phansalkar-2012");
    cr_assert(strstr(one->why, "MAO-A") && strstr(one->advice, "another"));
    cr_assert(strstr(one->plain_title, "should not be taken together") && one->plain_advice[0]);
    cr_assert_eq(one->status, GALEN_FINDING_OPEN);
    cr_assert_eq(one->record_count, 2);
    cr_assert_eq(one->records[0][0], 1);
    galen_safety_findings_free(f);
}

Test(safety_find, the_key_does_not_depend_on_the_order_of_the_list)
{
    struct list l;
    char key[GALEN_SAFETY_KEY_MAX];
    make_list(&l, (const char *const[]){"Advil", "Aleve", "Mobic", NULL}, NULL, NULL);
    struct galen_safety_findings *f = galen_safety_find(&l.input);
    cr_assert_eq(f->count, 1);
    strcpy(key, f->at[0].key);
    galen_safety_findings_free(f);
    struct galen_safety_medicine first = l.medicines[0];
    l.medicines[0] = l.medicines[2];
    l.medicines[2] = first;
    f = galen_safety_find(&l.input);
    cr_assert_str_eq(f->at[0].key, key);
    galen_safety_findings_free(f);
}

Test(safety_find, what_was_not_checked_is_always_said)
{
    struct list l;
    make_list(&l, (const char *const[]){"little white pill", "timolol eye drops", "warfarin", NULL},
              "1940-1-1", "cats");
    struct galen_safety_findings *f = galen_safety_find(&l.input);
    cr_assert(says(f, "Not recognised by name, so not compared with anything: little white pill."));
    cr_assert(says(f, "beta blockers also by class: timolol eye drops"));
    cr_assert(says(f, "the start is not known: warfarin"));
    cr_assert(
        says(f, "Allergies of which not every word was recognised, so perhaps not compared: cats"));
    cr_assert(says(f, "No finding is no clearance."));
    cr_assert(says(f, "Kidney and liver function"));
    cr_assert_eq(f->gaps[0].record_count, 1);
    cr_assert_eq(f->gaps[0].records[0][0], 1);
    for (size_t i = 0; i < f->checked_count; i++)
        cr_assert(f->checked[i].what[0] && f->checked[i].plain[0] &&
                  f->checked[i].source->version[0]);
    size_t checked = f->checked_count;
    galen_safety_findings_free(f);
    l.input.birth = (struct galen_date){0};
    f = galen_safety_find(&l.input);
    cr_assert(says(f, "the date of birth is not known"));
    cr_assert_eq(f->checked_count, checked - 1, "age was not checked");
    galen_safety_findings_free(f);
}

Test(safety_find, an_allergy_with_words_that_are_not_known_says_so)
{
    static const struct {
        const char *allergy;
        bool said;
    } rows[] = {{"penicillin and sulfa", false},
                {"Sulfa drugs", false},
                {"penicillin - hives", true},
                {"cats", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct list l;
        make_list(&l, (const char *const[]){"metformin", NULL}, NULL, rows[i].allergy);
        struct galen_safety_findings *f = galen_safety_find(&l.input);
        cr_assert_eq(says(f, "not every word was recognised"), rows[i].said, "%s", rows[i].allergy);
        galen_safety_findings_free(f);
    }
}

Test(safety_find, of_a_disputed_regimen_every_name_is_checked)
{
    struct list l;
    struct galen_bytes both[2] = {text("Advil"), text("Tylenol")};
    make_list(&l, (const char *const[]){"Advil", "Aleve", "Norco", NULL}, NULL, NULL);
    l.medicines[0].drugs = both;
    l.medicines[0].drug_count = 2;
    struct galen_safety_findings *f = galen_safety_find(&l.input);
    char found[2000];
    summary(f, found);
    cr_assert_str_eq(found, "ingredient:acetaminophen=h class:nsaid=h");
    cr_assert(says(f, "People disagree about the regimen; each name given was checked: Advil"));
    galen_safety_findings_free(f);
}

Test(safety_find, more_than_is_compared_and_more_than_is_shown_is_said)
{
    size_t n = GALEN_SAFETY_MEDICINES_MAX + 1;
    struct galen_safety_medicine *medicines = calloc(n, sizeof *medicines);
    uint8_t(*ids)[GALEN_RECORD_ID_BYTES] = calloc(n, sizeof *ids);
    struct galen_bytes names[2] = {text("Nardil"), text("Imitrex")};
    for (size_t i = 0; i < n; i++) {
        memcpy(ids[i], &i, sizeof i);
        medicines[i] = (struct galen_safety_medicine){
            .record = ids[i], .drugs = &names[i % 2], .drug_count = 1};
    }
    struct galen_safety_input input = {.medicines = medicines, .medicine_count = n, .today = today};
    struct galen_safety_findings *f = galen_safety_find(&input);
    cr_assert_eq(f->count, GALEN_SAFETY_FINDINGS_MAX);
    cr_assert(says(f, "more medicines than are compared"));
    cr_assert(says(f, "more findings than are shown"));
    for (size_t i = 1; i < f->count; i++)
        cr_assert_geq(f->at[i - 1].severity, f->at[i].severity, "the gravest first");
    galen_safety_findings_free(f);
    free(medicines);
    free(ids);
}

Test(safety_find, each_allocation_may_fail)
{
    struct list l;
    make_list(&l,
              (const char *const[]){"Parnate|pharmacy=a", "Imitrex|pharmacy=b", "Percocet",
                                    "Tylenol PM", "pill", "warfarin", NULL},
              "1950", "aspirin");
    const struct galen_safety_text writing = {.record = l.ids[0],
                                              .document = "pmr",
                                              .field = "regimen.frequency",
                                              .text = text("QD"),
                                              .place = GALEN_WRITING_DOSE};
    l.input.texts = &writing;
    l.input.text_count = 1;
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        struct galen_safety_findings *f = galen_safety_find(&l.input);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(f == NULL, failed, "%zu", nth);
        galen_safety_findings_free(f);
        if (!failed)
            break;
        cr_assert_lt(nth, 100000);
    }
}

/* ---- Days ------------------------------------------------------------------------------------------------------ */

Test(safety_find, days_and_ages)
{
    cr_assert_eq(safety_days((struct galen_date){2024, 2, 28}, (struct galen_date){2024, 3, 1}), 2);
    cr_assert_eq(safety_days((struct galen_date){2025, 12, 31}, (struct galen_date){2026, 1, 1}),
                 1);
    cr_assert_eq(safety_days((struct galen_date){2000, 1, 1}, (struct galen_date){2100, 1, 1}),
                 36525);
    cr_assert_eq(safety_age((struct galen_date){1961, 3, 14}, today), 65);
    cr_assert_eq(safety_age((struct galen_date){1961, 3, 15}, today), 64);
    cr_assert_eq(safety_age((struct galen_date){1961, 3, 0}, today), 65);
    cr_assert_eq(safety_age((struct galen_date){0, 0, 0}, today), -1);
    cr_assert_eq(safety_age((struct galen_date){2030, 1, 1}, today), -1);
    const struct {
        uint64_t ms;
        struct galen_date day;
    } days[] = {{0, {1970, 1, 1}},
                {86399999, {1970, 1, 1}},
                {UINT64_C(951782400000), {2000, 2, 29}},
                {UINT64_C(951868800000), {2000, 3, 1}},
                {UINT64_C(1773446400000), {2026, 3, 14}},
                {UINT64_C(253402300799999), {9999, 12, 31}}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct galen_date day = galen_safety_day(days[i].ms);
        cr_assert(day.year == days[i].day.year && day.month == days[i].day.month &&
                      day.day == days[i].day.day,
                  "%zu", i);
    }
    cr_assert_eq(galen_safety_day(UINT64_MAX).year, 0);
}
