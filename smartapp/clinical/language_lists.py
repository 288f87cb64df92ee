"""Words that name what the rules ask about, in the languages of DQ-23: folded (no accents, small letters), as data.

A word ending in `*` is a beginning, one beginning with `*` an ending (German, Dutch and Scandinavian compounds); all others are whole words.
"""

FIBRINOGEN = (
    "fibrinogen fibrinogens fibrinogene fibrinogeno fibrinogenio fibrinogeen fibrinogenaktivitat fibrinogenkonzentration "
    "fibrinogenspiegel fibrinogenwert plasmafibrinogen fibrinogenkoncentration fibrinogenkonsentrasjon "
    "fibrinogeenconcentratie フィブリノゲン フィブリノーゲン 纤维蛋白原 纖維蛋白原 피브리노겐 피브리노젠 섬유소원"
)
NOT_A_LEVEL = (  # DQ-24: what else has fibrinogen in its name
    "degradation* degradac* degradaz* degradat* abbau* spalt* split* fragment* fdp fsp monomer* d-dimer* ddimer* antigen* "
    "genotyp* mutation* mutaci* mutac* mutazion* ratio comment* kommentar* interpretation* interpretac* befundung* fibtem "
    "extem teg thromboelast* tromboelast* rotem pleural* ascit* synovial* urine urin harn orina urina antibod* antikorper* "
    "gene genetic* 分解 降解 产物 產物 抗原 比 尿 胸水 腹水 분해 항원 소변"
)
CRYOPRECIPITATE = (
    "cryoprecipitate cryoprecipitates cryoprecipitated cryoppt cryoprecipite cryoprecipites kryoprazipitat kryoprazipitate "
    "kryopraezipitat cryoprazipitat crioprecipitado crioprecipitados crioprecipitato crioprecipitati cryoprecipitaat "
    "cryoprecipitaten kryoprecipitat kryopresipitat kryopraecipitat クリオプレシピテート 冷沉淀 冷沈淀 冷沉澱 冷沈澱 "
    "동결침전제제 동결침전물 크리오프레시피테이트"
)
CONCENTRATE_BRANDS = "riastap fibryga fesilty"
CONCENTRATE = (  # fibrinogen concentrate by its name
    "fibrinogenkonzentrat fibrinogenkonzentrate fibrinogeenconcentraat fibrinogenkoncentrat fibrinogenkonsentrat "
    "フィブリノゲン製剤 フィブリノゲン濃縮製剤 乾燥人フィブリノゲン 人纤维蛋白原 纤维蛋白原浓缩物 人纖維蛋白原 "
    "纖維蛋白原濃縮物 피브리노겐농축제 피브리노겐제제 건조농축인혈피브리노겐"
)
CONCENTRATES = (
    "concentrate concentrates concentre concentres concentrado concentrados concentrato concentrati konzentrat concentraat "
    "koncentrat konsentrat 浓缩 濃縮 농축"
)
MAYBE_PRODUCT = "cryo kryo crio haemocomplettan hemocomplettan clottafact fibclot fibrinogen-human クリオ 크리오"
NOT_A_PRODUCT = (  # DQ-24: sealants and what else is frozen
    "sealant* sealing glue* topical* thrombin* patch* tisseel evicel tachosil artiss beriplast vistaseal kleber* "
    "fibrinkleber* colle pegamento adesivo adhesivo selante sellante lijm vavslim lim 接着剤 粘合剂 봉합제"
)
NOT_CRYO = (
    "therapy therapie terapia ablation ablacion ablazione surgery surgical chirurgie cirugia preserv* globulin* *globulin "
    "*globuline probe"
)
REDUCED = "reduced poor depleted supernatant abgereichert reduit reducido ridotto gereduceerd"
MEASURED = (
    "level levels test tests assay assays measurement measured determination activity panel spiegel bestimmung dosage "
    "dosaggio dosagem determinacion nivel nivell bepaling maling analys analyse 検査 测定 測定 검사"
)
TISAGENLECLEUCEL = "tisagenlecleucel kymriah tisa-cel tisacel ctl019 チサゲンレクルユーセル キムリア"
OTHER_CAR_T = (  # by product, in the order of the guideline
    ("axicabtagene ciloleucel", "axicabtagene yescarta axi-cel axicel イエスカルタ 阿基仑赛"),
    ("brexucabtagene autoleucel", "brexucabtagene tecartus brexu-cel brexucel"),
    ("lisocabtagene maraleucel", "lisocabtagene breyanzi liso-cel lisocel ブレヤンジ"),
    ("idecabtagene vicleucel", "idecabtagene abecma ide-cel idecel アベクマ"),
    ("ciltacabtagene autoleucel", "ciltacabtagene carvykti cilta-cel ciltacel カービクティ"),
    ("obecabtagene autoleucel", "obecabtagene aucatzyl obe-cel obecel"),
)
CAR_T = (  # a CAR-T product without a name that is known: weak (DQ-24)
    "car-t cart-cell car-t-cell car-t-cells car-t-zell* cart-zell* car-t-cell* relmacabtagene carteyva equecabtagene "
    "zevorcabtagene inaticabtagene ciloleucel autoleucel vicleucel maraleucel car-t細胞 car-t细胞 car-t-celler "
    "キメラ抗原受容体 嵌合抗原受体 嵌合抗原受體 키메라항원수용체"
)
CAR_T_PHRASES = (
    "car t cell|car t cells|car t-cell|car t-cells|car-t cell|car-t cells|chimeric antigen receptor|"
    "recepteur antigenique chimerique|recepteurs antigeniques chimeriques|chimare antigenrezeptor*|"
    "chimaren antigenrezeptor*|receptor antigenico quimerico|receptor de antigeno quimerico|"
    "receptores de antigeno quimerico|recettore chimerico|recettore antigenico chimerico|chimere antigeenreceptor|"
    "chimar antigenreceptor|kimer antigenreceptor|cellules car-t|cellules car t|celulas car-t|celulas car t|celulas t car|"
    "cellule car-t|cellule car t|키메라 항원 수용체|car-t 세포"
)
NOT_GIVEN = (  # APP-01: before the infusion, or instead of it
    "leukapheresis leukapherese leucapherese leucaferesis leucaferesi leukaferes* apheresis apherese aferesis aferesi "
    "aferes* collection collect* harvest biopsy biopsie biopsia bridging consent consentement einwilligung consentimiento "
    "consenso evaluation evaluacion valutazione referral planning plan planned 採取 采集 同意"
)
GIVEN = "infus* transfus* administ* given verabreicht* gegeben 投与 输注 輸注 回输 투여 주입"
CRS_SYNDROME = (  # "cytokine release syndrome" in words: phrases
    "cytokine release syndrome|cytokine-release syndrome|cytokine-release-syndrome|syndrome de relargage des cytokines|"
    "syndrome de relargage cytokinique|syndrome de relargage de cytokines|syndrome de liberation de cytokines|"
    "syndrome de liberation des cytokines|zytokin-freisetzungssyndrom|zytokinfreisetzungssyndrom|"
    "zytokin-freisetzungs-syndrom|cytokin-freisetzungssyndrom|cytokin-release-syndrom|zytokin-release-syndrom|"
    "sindrome de liberacion de citocinas|sindrome de liberacion de citoquinas|sindrome de liberacao de citocinas|"
    "sindrome da liberacao de citocinas|sindrome de libertacao de citocinas|sindrome da rilascio di citochine|"
    "sindrome da rilascio delle citochine|sindrome da rilascio citochinico|sindrome di rilascio di citochine|"
    "sindrome da rilascio di citokine|cytokine release syndroom|cytokine-release-syndroom|cytokine-releasesyndroom|"
    "cytokinevrijgavesyndroom|cytokinfrisattningssyndrom|cytokinfrigjoringssyndrom|cytokinfrigorelsessyndrom|"
    "cytokinfrigivelsessyndrom|cytokinreleasesyndrom|cytokin release syndrom|サイトカイン放出症候群|细胞因子释放综合征|"
    "細胞因子釋放症候群|細胞因子釋放綜合徵|細胞激素釋放症候群|사이토카인 방출 증후군|사이토카인방출증후군|"
    "사이토카인 방출증후군"
)
CRS_SHORT = "crs"
CRS_SCALES = "astct lee penn ctcae"
GRADE = "grade grad grado grau graad gr grados stufe g グレード 등급"
BLEEDING = (  # at any site
    "bleed bleeds bleeding bled haemorrhage haemorrhages haemorrhagic hemorrhage hemorrhages hemorrhagic haematemesis "
    "hematemesis haemoptysis hemoptysis melaena melena haematochezia hematochezia haematuria hematuria epistaxis nosebleed "
    "menorrhagia haemothorax hemothorax haemarthrosis hemarthrosis haemoperitoneum hemoperitoneum haemopericardium "
    "hemopericardium saignement saignements hemorragie hemorragies hemorragique hemoptysie hematurie hematemese rectorragie "
    "rectorragies melena *blutung *blutungen blutung blutungen bluterbrechen hamatemesis hamoptyse hamaturie teerstuhl "
    "melana nasenbluten sangrado sangrados sangramento hemorragia hemorragias hemorragico hematemesis hemoptisis hematuria "
    "hemoptise sanguinamento sanguinamenti emorragia emorragie emorragico ematemesi emottisi ematuria melena epistassi "
    "*bloeding *bloedingen bloeding bloedingen hematurie neusbloeding hemoptoe *blodning *blodningar *blodninger blodning "
    "blodningar blodninger 出血 血尿 吐血 下血 喀血 鼻血 血便 呕血 咯血 便血 鼻衄 嘔血 출혈 혈뇨 토혈 객혈 혈변 코피"
)
SPECIMEN_FAULTS = (  # DQ-10
    "clotted hemolyzed hemolysed haemolyzed haemolysed hemolysis haemolysis insufficient qns contaminat* koaguliert "
    "geronnen hamolysiert hamolytisch hamolyse verunreinigt coagule coagulee hemolyse hemolysee insuffisant insuffisante "
    "contamine coagulado coagulada hemolizado hemolizada hemolisado insuficiente contaminado contaminada coagulato "
    "emolizzato emolisi insufficiente contaminato gestold gehemolyseerd onvoldoende koagulerat hemolyserat hemolyseret "
    "koagulert koaguleret"
)
SPECIMEN_PHRASES = (
    "short draw|wrong tube|quantity not sufficient|unzureichende menge|quantite insuffisante|falsches rohrchen|溶血|凝块|"
    "量不足|検体不良"
)
NEGATORS = (
    "no not non without denies denied deny absent nil never neither nor pas sans aucun aucune absence kein keine keinen "
    "keiner ohne nicht sin sem senza nessun nessuna geen zonder niet ingen inga inget ikke inte utan uten uden ei nao "
    "ningun ninguna nenhum nenhuma"
)
NEGATOR_PHRASES = "free of|free from|negative for|negativ fur|negatif pour|negativo para|negativo per|frei von|libre de|fri for|fri fra"
NEGATORS_AFTER = (
    "absent negative none nil no nein non aucun aucune nessuno ninguno nenhum geen ingen なし 無し 無 无 陰性 阴性 없음 excluded "
    "ausgeschlossen exclu exclus excluido escluso"
)
NEGATORS_AFTER_PHRASES = "ruled out|not seen|not detected|not present|not found|nicht nachweisbar"
NEGATED_IN = "なし 無し 無 无 未见 未見 否认 否認 없음"
UNLESS = "exclude excluded ruled"  # "cannot exclude bleeding": not a negation
NOT_MEANT = (  # DQ-23: not of this patient now
    "risk risiko risque riesgo risco rischio risico family familial familie famille familiar familiare screening "
    "prophylaxis prophylactic prophylaxe profilaxis profilassi profylax* allergy allergic allergie alergia リスク 予防 家族 "
    "风险 風險 预防 위험 예방"
)
NOT_MEANT_OF_PRODUCT = "screening allergy allergic allergie alergia アレルギー 알레르기"
NOT_MEANT_PHRASES = (
    "rule out|r/o|history of|h/o|antecedent de|antecedents de|antecedentes de|anamnese|storia di|voorgeschiedenis"
)
