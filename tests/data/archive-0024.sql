BEGIN TRANSACTION;
CREATE TABLE account (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100) NOT NULL, 
	"key" VARCHAR(400) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	password VARCHAR(255) NOT NULL, 
	cameras JSON, 
	disabled BOOLEAN NOT NULL, 
	created_us BIGINT NOT NULL, 
	changed_us BIGINT NOT NULL, 
	row_digest BLOB, issuer VARCHAR(500), subject VARCHAR(255), 
	CONSTRAINT uq_account_key UNIQUE ("key")
);
INSERT INTO "account" VALUES(1,'maria','maria','analyst','$argon2id$v=19$m=65536,t=3,p=4$N79/qwNvNQL9GesUmpuS+w$jUgrqgaKVZGw9QW0JsTN2ITPPu6T+VSFREcD2tRR7Iw','["gate"]',0,1795731099147709,1795731099147709,X'7BADA3F228D6D123',NULL,NULL);
INSERT INTO "account" VALUES(2,'Zoë','zoë','admin','$argon2id$v=19$m=65536,t=3,p=4$CnUCuoEWUAhfIV73ZnNSYg$zuZAxP/si1NrOo9mk+JJgrHjJeNE/kwNx4DpedKyMaE',NULL,1,1795731099427675,1795731099462772,X'F691DAD6A9FB8F03',NULL,NULL);
CREATE TABLE adjustment (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	model_id INTEGER NOT NULL, 
	made_us BIGINT NOT NULL, 
	crops BIGINT NOT NULL, 
	erasures BIGINT NOT NULL, 
	cameras JSON NOT NULL, 
	data BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT fk_adjustment_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0024');
CREATE TABLE archive (
	id INTEGER NOT NULL, 
	uuid VARCHAR(36) NOT NULL, 
	created_us BIGINT NOT NULL, 
	model_id INTEGER, 
	next_crop_id BIGINT NOT NULL, 
	next_source_id BIGINT NOT NULL, 
	erasures BIGINT NOT NULL, next_tracklet_id BIGINT DEFAULT '1' NOT NULL, row_digest BLOB, logged BOOLEAN, search_needs VARCHAR(16), kept_out_salt BLOB, 
	CONSTRAINT pk_archive PRIMARY KEY (id), 
	CONSTRAINT fk_archive_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
INSERT INTO "archive" VALUES(1,'00000000-0000-4000-8000-000000000001',1717156800000000,1,5,6,0,2,X'9DEDAF35A8C40377',NULL,NULL,NULL);
CREATE TABLE attributes (
	crop_id INTEGER NOT NULL, 
	model_id INTEGER NOT NULL, 
	bag FLOAT NOT NULL, 
	backpack FLOAT NOT NULL, 
	hat FLOAT NOT NULL, 
	long_trousers FLOAT NOT NULL, 
	long_hair FLOAT NOT NULL, 
	upper_black FLOAT NOT NULL, 
	upper_grey FLOAT NOT NULL, 
	upper_white FLOAT NOT NULL, 
	upper_red FLOAT NOT NULL, 
	upper_orange FLOAT NOT NULL, 
	upper_yellow FLOAT NOT NULL, 
	upper_green FLOAT NOT NULL, 
	upper_blue FLOAT NOT NULL, 
	upper_purple FLOAT NOT NULL, 
	upper_pink FLOAT NOT NULL, 
	upper_brown FLOAT NOT NULL, 
	lower_black FLOAT NOT NULL, 
	lower_grey FLOAT NOT NULL, 
	lower_white FLOAT NOT NULL, 
	lower_red FLOAT NOT NULL, 
	lower_orange FLOAT NOT NULL, 
	lower_yellow FLOAT NOT NULL, 
	lower_green FLOAT NOT NULL, 
	lower_blue FLOAT NOT NULL, 
	lower_purple FLOAT NOT NULL, 
	lower_pink FLOAT NOT NULL, 
	lower_brown FLOAT NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_attributes PRIMARY KEY (crop_id), 
	CONSTRAINT fk_attributes_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE, 
	CONSTRAINT fk_attributes_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
INSERT INTO "attributes" VALUES(1,2,0.1,0.9,0.25,0.8,0.05,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.25,0.0,0.0,0.0,0.0,0.0,0.0,0.75,0.0,0.0,0.0,X'9C93A616510FA361');
INSERT INTO "attributes" VALUES(4,2,0.75,0.2,0.6,0.9,0.5,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.25,0.75,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,X'75A62E34DC7B9A23');
CREATE TABLE calibration (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_us BIGINT NOT NULL, 
	model_id INTEGER NOT NULL, 
	provenance JSON NOT NULL, 
	map JSON NOT NULL, 
	curves BLOB NOT NULL, 
	sha256 BLOB NOT NULL, row_digest BLOB, 
	CONSTRAINT fk_calibration_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
INSERT INTO "calibration" VALUES(2,1717156800000000,1,'{"origin": "set", "source": "market", "sha256": "abababababababababababababababababababababababababababababababab", "people": 100, "cameras": 2, "crops": 400, "same_pairs": 400, "different_pairs": 39600, "people_pairs": 4950, "seed": 1, "replicates": 500, "version": "0.2.0"}','{"intercept": -1.0, "slope": 4.0, "lowest": -0.5, "highest": 0.9, "soundness": {"cllr": 0.3, "cllr_min": 0.25, "ece": 0.02, "reliability": [[0.1, 0.12, 0.5], [0.9, 0.88, 0.5]]}}',X'78DAEDDBB10D833014455197941429B20D6C8E4760044660042A2A0B7D8C2CE248E736A7A7011E2625499224499224A9F7F6C9359024496AD9E6F94A9224A969ABE72B4992FB8724E9A5CEEFE724AFDD489224D9D49524C9074A925493F72FD2FB394992E4DB6692241F2849524DCEF793244992F47F2D49F21F9424A9A66F664F7E48868E240B0792A18964E1BE908C9454E63C07199B66F6A0DDC87E45DAAF48FB1569BF92EC5724ED57E45D0792A1237FEC01BBC38EAE',X'D3334A2EEB7E4591D38D480F4826F848289CDFC62E1479B74D4D601AF9830A5E',X'23399EA489E11694');
CREATE TABLE camera (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_camera PRIMARY KEY (id), 
	CONSTRAINT uq_camera_name UNIQUE (name)
);
INSERT INTO "camera" VALUES(1,'gate',X'6A6584D64762282C');
INSERT INTO "camera" VALUES(2,'door',X'463179AC15C00AA1');
INSERT INTO "camera" VALUES(3,'yard',X'A5506C5BDF20E747');
CREATE TABLE camera_ground (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	camera_id INTEGER NOT NULL, 
	points JSON NOT NULL, 
	width_px INTEGER NOT NULL, 
	height_px INTEGER NOT NULL, 
	click_px FLOAT NOT NULL, 
	from_us BIGINT, 
	to_us BIGINT, 
	note TEXT NOT NULL, 
	set_by TEXT NOT NULL, 
	set_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT fk_camera_ground_camera_id_camera FOREIGN KEY(camera_id) REFERENCES camera (id)
);
INSERT INTO "camera_ground" VALUES(1,1,'[[0.25, 0.6, 0.0, 0.0], [0.75, 0.6, 4.0, 0.0], [0.7, 0.3, 4.0, 8.0], [0.3, 0.3, 0.0, 8.0]]',640,360,1.0,NULL,1795786156742998,'slabs of the pavement','anna',1795786156742998,X'83822663E3475314');
CREATE TABLE camera_keeps (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	camera TEXT NOT NULL, 
	days FLOAT NOT NULL, 
	set_by TEXT NOT NULL, 
	set_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT uq_camera_keeps_camera UNIQUE (camera)
);
INSERT INTO "camera_keeps" VALUES(1,'gate',14.5,'anna',1795786156742998,X'EE482749EF0DC7AF');
CREATE TABLE checkpoint (
	source_id INTEGER NOT NULL, 
	state BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	at_us BIGINT NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_checkpoint PRIMARY KEY (source_id), 
	CONSTRAINT fk_checkpoint_source_id_footage FOREIGN KEY(source_id) REFERENCES footage (source_id) ON DELETE CASCADE
);
INSERT INTO "checkpoint" VALUES(5,X'7374617465',X'4BA69735CA53765ED6A709EDB56C6EA236B7193A3B29A6B390C346F0F4340E4E',1717156800000000,X'20938B2531E43B3B');
CREATE TABLE "crop" (
	id INTEGER NOT NULL, 
	source_id INTEGER NOT NULL, 
	x1 INTEGER NOT NULL, 
	y1 INTEGER NOT NULL, 
	x2 INTEGER NOT NULL, 
	y2 INTEGER NOT NULL, 
	camera_id INTEGER, 
	time_us BIGINT, 
	person TEXT, 
	extra JSON, 
	run_id INTEGER NOT NULL, 
	indexed_us BIGINT NOT NULL, 
	pts BIGINT DEFAULT '0' NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_crop PRIMARY KEY (id), 
	CONSTRAINT fk_crop_source_id_source FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT fk_crop_camera_id_camera FOREIGN KEY(camera_id) REFERENCES camera (id), 
	CONSTRAINT fk_crop_run_id_run FOREIGN KEY(run_id) REFERENCES run (id), 
	CONSTRAINT uq_crop_source_id_pts_x1_y1_x2_y2 UNIQUE (source_id, pts, x1, y1, x2, y2)
);
INSERT INTO "crop" VALUES(1,1,0,0,16,32,1,1717156800000000,'p1','{"note": "\u00e4"}',1,1717156800000000,0,X'CA55A53864BA636E');
INSERT INTO "crop" VALUES(2,2,0,0,16,32,2,NULL,NULL,'null',1,1717156800000000,0,X'79CDEFCE3B2ADE96');
INSERT INTO "crop" VALUES(3,3,0,0,16,32,NULL,NULL,NULL,'null',1,1717156800000000,0,X'39C46EF91CC5765A');
INSERT INTO "crop" VALUES(4,4,10,20,50,120,3,1717156800200000,NULL,NULL,2,1717156800000000,2,X'FA3537C5D8B35882');
CREATE TABLE decision (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_us BIGINT NOT NULL, 
	who TEXT NOT NULL, 
	what VARCHAR(16) NOT NULL, 
	note TEXT NOT NULL, 
	forced BOOLEAN NOT NULL, 
	undoes INTEGER, 
	changes JSON NOT NULL, row_digest BLOB, 
	CONSTRAINT fk_decision_undoes_decision FOREIGN KEY(undoes) REFERENCES decision (id)
);
INSERT INTO "decision" VALUES(1,1717156800000000,'somebody','new','red jacket',0,NULL,'[{"of": "name", "identity": 1, "member": null, "before": null, "after": "anna"}, {"of": "member", "identity": null, "member": ["tracklet", 1], "before": null, "after": 1}]',X'D2AD817F339AE6F9');
INSERT INTO "decision" VALUES(2,1717156800000000,'somebody','reject','',0,NULL,'[{"of": "rejected", "identity": 1, "member": ["crop", 2], "before": null, "after": true}]',X'CE306EBAD81953A0');
INSERT INTO "decision" VALUES(3,1717156800000000,'somebody','confirm','',1,NULL,'[{"of": "member", "identity": null, "member": ["crop", 1], "before": null, "after": 1}]',X'2A8265088DF9E680');
INSERT INTO "decision" VALUES(4,1717156800000000,'somebody','undo','',0,3,'[{"of": "member", "identity": null, "member": ["crop", 1], "before": 1, "after": null}]',X'39B7341106921952');
CREATE TABLE embedding (
	model_id INTEGER NOT NULL, 
	crop_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	CONSTRAINT pk_embedding PRIMARY KEY (model_id, crop_id), 
	CONSTRAINT fk_embedding_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE, 
	CONSTRAINT fk_embedding_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
INSERT INTO "embedding" VALUES(1,1,X'E32B0C3D3B4713BDC47E323ECAE5E93C854C15BE4E90C93DD3B8B53E91FB833E2E2444BE8458B0BE3AB72DBE5E4A383C4A0122BFFAEB73BD78A0ADBEF9174CBE',X'5D2294C969DCF99910FDE9B49F2B6142AD029976B4A2CB5B0C8BF7D7E59F7DD0');
INSERT INTO "embedding" VALUES(1,2,X'097D49BE6831EABD7263183E0AF9C03E71563EBDE5EFFC3E784276BEA721023E463CA73E4C370B3DD09F89BE529DAABE087429BE1709A33D41E2BABE61E09ABD',X'C08F7EF8E98C2D8410F90ED90863AF73CBF1E38249916247875657100D871F7A');
INSERT INTO "embedding" VALUES(1,3,X'ACF521BD9B88093E89585A3DF2BCB43DB54326BEF7D603BD2A5C473E93E2BD3E1216A0BE9A7DC03EB21FAB3EBCAE463EB17F863D3DA89FBDFA61B93E9B3DF93E',X'E463DC152E4929587AE97FD2C22134453B20A1C281E99B73AA10389D81136A9F');
INSERT INTO "embedding" VALUES(1,4,X'21FC9F3D3569A83E1824C7BE4006BC3E57CC28BC2B5D32BE270733BEFC6C71BEE87447BD6EEC393E2E39023E15500E3E20F0BCBEAD21AFBEFA37AD3E0606583E',X'31DFF0C26FF38FB11657B8AD6E08439A66B0D9914F485263D0EC3637649C4813');
CREATE TABLE erased (
	source_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	from_us BIGINT NOT NULL, 
	to_us BIGINT NOT NULL, 
	crops INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	permanent BOOLEAN NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_erased PRIMARY KEY (source_id, number), 
	CONSTRAINT fk_erased_source_id_footage FOREIGN KEY(source_id) REFERENCES footage (source_id) ON DELETE CASCADE
);
INSERT INTO "erased" VALUES(4,0,0,5000000,2,1717150000000000,0,X'6360C0023512294F');
INSERT INTO "erased" VALUES(5,0,0,1000000,1,1717150000000000,1,X'AF2805D628BA4988');
CREATE TABLE event (
	id INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	what VARCHAR(32) NOT NULL, 
	detail JSON NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_event PRIMARY KEY (id)
);
INSERT INTO "event" VALUES(1,1795731099158770,'account','{"change": "add", "account_id": 1, "name": "maria", "role": "analyst", "cameras": ["gate"], "disabled": false, "actor": "root"}',X'85E4C9106AE4BC71');
INSERT INTO "event" VALUES(2,1795731099433321,'account','{"change": "add", "account_id": 2, "name": "Zo\u00eb", "role": "admin", "cameras": null, "disabled": false, "actor": "root"}',X'E468A8DA47F21B8D');
INSERT INTO "event" VALUES(3,1795731099472456,'account','{"change": "disable", "account_id": 2, "name": "Zo\u00eb", "role": "admin", "cameras": null, "disabled": true, "actor": "root"}',X'E8A4495A24F37EFD');
CREATE TABLE failed_sign_in (
	"key" VARCHAR(64) NOT NULL, 
	failures INTEGER NOT NULL, 
	last_us BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT pk_failed_sign_in PRIMARY KEY ("key")
);
INSERT INTO "failed_sign_in" VALUES('from 192.0.2.1',1,1795786156742998,1795786156742998,X'43C528D4EAD44FAF');
CREATE TABLE failure (
	"key" BLOB NOT NULL, 
	text TEXT NOT NULL, 
	reason VARCHAR(32) NOT NULL, 
	message TEXT NOT NULL, 
	run_id INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_failure PRIMARY KEY ("key"), 
	CONSTRAINT fk_failure_run_id_run FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "failure" VALUES(X'00112233445566778899AABBCCDDEEFF','/footage/bad.jpg','damaged','it is damaged',1,1717156800000000,X'650924460DF4CD49');
CREATE TABLE footage (
	source_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	container TEXT NOT NULL, 
	codec TEXT NOT NULL, 
	pixel_format TEXT, 
	rotation INTEGER NOT NULL, 
	time_base_num BIGINT NOT NULL, 
	time_base_den BIGINT NOT NULL, 
	first_pts BIGINT NOT NULL, 
	declared_fps FLOAT, 
	declared_s FLOAT, 
	created_us BIGINT, 
	notes JSON NOT NULL, 
	camera_id INTEGER, 
	start_us BIGINT, 
	clock_origin VARCHAR(16), 
	uncertainty_s FLOAT, 
	offset_us BIGINT NOT NULL, 
	drift_ppm FLOAT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	settings JSON NOT NULL, 
	measured_fps FLOAT, 
	duration_us BIGINT NOT NULL, 
	counts JSON NOT NULL, 
	run_id INTEGER NOT NULL, 
	indexed_us BIGINT NOT NULL, supersedes BIGINT, facts_notes JSON DEFAULT '[]' NOT NULL, moved_us BIGINT DEFAULT '0' NOT NULL, clock_until_us BIGINT, row_digest BLOB, 
	CONSTRAINT pk_footage PRIMARY KEY (source_id), 
	CONSTRAINT fk_footage_camera_id_camera FOREIGN KEY(camera_id) REFERENCES camera (id), 
	CONSTRAINT fk_footage_run_id_run FOREIGN KEY(run_id) REFERENCES run (id), 
	CONSTRAINT fk_footage_source_id_source FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE
);
INSERT INTO "footage" VALUES(4,'video','mov,mp4','h264','yuv420p',0,1,10,0,10.0,5.0,NULL,'[]',3,1717156800000000,'option',1.0,0,0.0,'finished','{"looks_hz": 4}',10.0,5000000,'{"detections": 5}',2,1717156800000000,NULL,'[]',0,NULL,X'29B187B9F3DF77C7');
INSERT INTO "footage" VALUES(5,'video','mov,mp4','h264','yuv420p',0,1,10,0,10.0,5.0,NULL,'[]',3,1717156800000000,'option',1.0,0,0.0,'running','{"looks_hz": 4}',10.0,2000000,'{"detections": 0}',2,1717156800000000,NULL,'[]',0,NULL,X'2D6C4D68C3A190D6');
CREATE TABLE footage_location (
	"key" BLOB NOT NULL, 
	source_id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	facts VARCHAR(16) NOT NULL, 
	own BOOLEAN NOT NULL, 
	replaced_us BIGINT, row_digest BLOB, 
	CONSTRAINT pk_footage_location PRIMARY KEY ("key", source_id), 
	CONSTRAINT fk_footage_location_source_id_footage FOREIGN KEY(source_id) REFERENCES footage (source_id) ON DELETE CASCADE
);
INSERT INTO "footage_location" VALUES(X'45F72F09BCAE3D9A5603D342E07FB08B',4,'/footage/whole.mp4','1-2','6515e12802c1c75f',1,NULL,X'5FAFC879B3B0DF22');
INSERT INTO "footage_location" VALUES(X'DFC6918BF85AA9CF44D0D0B15DD49032',5,'/footage/half.mp4','1-2','6515e12802c1c75f',1,NULL,X'98CD2C933495216F');
CREATE TABLE generation (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(32) NOT NULL, 
	model_id INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	sha256 BLOB NOT NULL, 
	crops BIGINT NOT NULL, 
	last_crop_id BIGINT NOT NULL, 
	erasures BIGINT NOT NULL, 
	built_us BIGINT NOT NULL, recall JSON, row_digest BLOB, node VARCHAR(36), 
	CONSTRAINT fk_generation_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
CREATE TABLE hold (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	case_number TEXT, 
	identity_id INTEGER, 
	source TEXT, 
	source_ids JSON, 
	camera TEXT, 
	from_us BIGINT, 
	to_us BIGINT, 
	note TEXT NOT NULL, 
	set_by TEXT NOT NULL, 
	set_us BIGINT NOT NULL, 
	released_by TEXT, 
	released_us BIGINT, 
	row_digest BLOB, 
	CONSTRAINT fk_hold_identity_id_identity FOREIGN KEY(identity_id) REFERENCES identity (id)
);
CREATE TABLE identity (
	id INTEGER NOT NULL, 
	name TEXT, 
	merged_into INTEGER, row_digest BLOB, 
	CONSTRAINT pk_identity PRIMARY KEY (id), 
	CONSTRAINT fk_identity_merged_into_identity FOREIGN KEY(merged_into) REFERENCES identity (id), 
	CONSTRAINT uq_identity_name UNIQUE (name)
);
INSERT INTO "identity" VALUES(1,'anna',NULL,X'02B40B87A8D36AD3');
CREATE TABLE identity_member (
	id INTEGER NOT NULL, 
	identity_id INTEGER NOT NULL, 
	tracklet_id INTEGER, 
	crop_id INTEGER, row_digest BLOB, 
	CONSTRAINT pk_identity_member PRIMARY KEY (id), 
	CONSTRAINT fk_identity_member_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_member_identity_id_identity FOREIGN KEY(identity_id) REFERENCES identity (id), 
	CONSTRAINT fk_identity_member_tracklet_id_tracklet FOREIGN KEY(tracklet_id) REFERENCES tracklet (id) ON DELETE CASCADE, 
	CONSTRAINT uq_identity_member_crop_id UNIQUE (crop_id), 
	CONSTRAINT uq_identity_member_tracklet_id UNIQUE (tracklet_id)
);
INSERT INTO "identity_member" VALUES(1,1,1,NULL,X'1884B376A2B4E7FC');
CREATE TABLE identity_rejection (
	id INTEGER NOT NULL, 
	identity_id INTEGER NOT NULL, 
	tracklet_id INTEGER, 
	crop_id INTEGER, row_digest BLOB, 
	CONSTRAINT pk_identity_rejection PRIMARY KEY (id), 
	CONSTRAINT fk_identity_rejection_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE, 
	CONSTRAINT fk_identity_rejection_identity_id_identity FOREIGN KEY(identity_id) REFERENCES identity (id), 
	CONSTRAINT fk_identity_rejection_tracklet_id_tracklet FOREIGN KEY(tracklet_id) REFERENCES tracklet (id) ON DELETE CASCADE, 
	CONSTRAINT uq_identity_rejection_identity_id_crop_id UNIQUE (identity_id, crop_id), 
	CONSTRAINT uq_identity_rejection_identity_id_tracklet_id UNIQUE (identity_id, tracklet_id)
);
INSERT INTO "identity_rejection" VALUES(1,1,NULL,2,X'D72C1943FE7A77A7');
CREATE TABLE investigation (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	number VARCHAR(100) NOT NULL, 
	title TEXT NOT NULL, 
	authority_kind TEXT NOT NULL, 
	authority_reference TEXT NOT NULL, 
	issued_us BIGINT, 
	expires_us BIGINT, 
	purpose TEXT NOT NULL, 
	examiner TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	opened_us BIGINT NOT NULL, 
	changed_us BIGINT NOT NULL, 
	closed_us BIGINT, 
	row_digest BLOB, 
	CONSTRAINT uq_investigation_number UNIQUE (number)
);
CREATE TABLE job (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(32) NOT NULL, 
	request JSON NOT NULL, 
	actor TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	queued_us BIGINT NOT NULL, 
	started_us BIGINT, 
	ended_us BIGINT, 
	stop_us BIGINT, 
	process JSON, 
	task TEXT NOT NULL, 
	share FLOAT, 
	result JSON, 
	problem JSON, 
	row_digest BLOB
);
CREATE TABLE kept_out (
	digest BLOB NOT NULL, 
	at_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT pk_kept_out PRIMARY KEY (digest)
);
CREATE TABLE linking (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_us BIGINT NOT NULL, 
	settings JSON NOT NULL, 
	counts JSON NOT NULL
, row_digest BLOB);
INSERT INTO "linking" VALUES(3,1717156800000000,'{"min_score": 0.6}','{"members": 3}',X'EE6AFEC22F1BD28F');
CREATE TABLE location (
	"key" BLOB NOT NULL, 
	crop_id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	facts VARCHAR(16) NOT NULL, 
	own BOOLEAN NOT NULL, 
	replaced_us BIGINT, row_digest BLOB, 
	CONSTRAINT pk_location PRIMARY KEY ("key", crop_id), 
	CONSTRAINT fk_location_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE
);
INSERT INTO "location" VALUES(X'FFBC16C301F700D3843D206CA8700D83',1,'/footage/00000.jpg','0','0895429a176b3afc',1,NULL,X'B5CD377FE3DA3FEA');
INSERT INTO "location" VALUES(X'EF8B708B687BFAF6A5A9BBAA36369E4B',2,'/footage/00001.jpg','1','b10499e1059d87ce',1,NULL,X'EB9B2B9FCD84589B');
INSERT INTO "location" VALUES(X'5C9B9DEBEA88346EAB70085C357630A5',3,'/footage/00002.jpg','2','d79d3ee0c786fb72',1,NULL,X'1596D7D5DE1D20DD');
CREATE TABLE log_entry (
	id INTEGER NOT NULL, 
	at_us BIGINT NOT NULL, 
	event VARCHAR(32) NOT NULL, 
	actor TEXT NOT NULL, 
	case_number TEXT, 
	program VARCHAR(64) NOT NULL, 
	content BLOB NOT NULL, 
	previous BLOB NOT NULL, 
	salt BLOB, 
	detail TEXT, 
	row_digest BLOB, 
	CONSTRAINT pk_log_entry PRIMARY KEY (id)
);
INSERT INTO "log_entry" VALUES(1,1795763513067980,'begin','root',NULL,'reidsearch 0.1.0',X'B5A5DBFC7667C24D3DE331237663076DBB2F12C0246E60C5928732476315029E',X'0000000000000000000000000000000000000000000000000000000000000000',X'03D80D97891C7A8B564474214C2F3BBEA407334D50E6EFB1D5C218A4CCF29FE8','{"archive_id":"00000000-0000-4000-8000-000000000001","crops":4,"decisions":4,"decisions_sha256":"2ed76846b76b061883b24553879848d207d2f3b29a2ec9498c613f51640b406a"}',X'B2CDC410CEA5CAD7');
INSERT INTO "log_entry" VALUES(2,1795763513069720,'migrate','root',NULL,'reidsearch 0.1.0',X'DE1E34F81F1C7FF7DA224421A442E763BC5EDA7B31B085FED6298BE942DD6F27',X'1F963829A2EA6356D480BBF5B82AD0A00EB4015645720388130BAF2AE24FBA9C',X'408657C425739C24CB32DDF03F17A37D52A821C4029609DBF59F22DF4DF8D67F','{"from":"0016","to":"0017"}',X'8F3EF810E4B6228D');
INSERT INTO "log_entry" VALUES(3,1795771359798747,'migrate','root',NULL,'reidsearch 0.1.0',X'06ACA28B531941D19A4DBE2C656818FE08630FA39F01E7C601B81BF53651E1EE',X'247FA88B82B639CCBB2DBD253EEBA6A31B19720BF2AB6164CDFF82A207449254',X'C01662A20CB8B919362F96A601936C543A4688DE50219BA2D1CEEFB55C8C72DC','{"from":"0017","to":"0018"}',X'BEFF428EC1F080C0');
INSERT INTO "log_entry" VALUES(4,1795773857739918,'migrate','root',NULL,'reidsearch 0.1.0',X'E3DFF81BFA5A4B88FED0175DF5B42E3F083C2BEC7643E5FE8F53FABAF23428D9',X'27410CE169C1A5ADABBF23517CEACE6D6D265223A6C1FAC9DE3C11BE7058111E',X'6DF2469F4A7909CBEECFC1A1EDACEE3A276B9839A0E9B09145C8B5144BC1A4D8','{"from":"0018","to":"0019"}',X'50C6E40644EA6EE0');
INSERT INTO "log_entry" VALUES(5,1795786955820376,'migrate','root',NULL,'reidsearch 0.1.0',X'FB247D629960BF28B423254945B2AA07E6FD8B039E96EE5E3CEE97101AF56185',X'DF93EFA452A7BBAE275A70A301A71CFCA53F6D6E738639F289F0365103B357EB',X'CD77CCA68C12C63FB0107E5D9151DC7F2643577F0A802BED581FDB8CFA5C29B2','{"from":"0019","to":"0023"}',X'C0D3AAADA11D195F');
INSERT INTO "log_entry" VALUES(6,1795803579728799,'migrate','root',NULL,'reidsearch 0.1.0',X'E926B4D17E71CFD6C171AE0B4B315C0796CD07EAC4CEBCCD8C090B257F261712',X'17A1C92D4736A6D5C4DADBB5788FBA691F62FBC28B22D912EF04E4AC76CCE78A',X'3667C3D02DE322F2F4233DF2168139ED1D6D9DD7D1EBEB0A883A42E731AC3CE4','{"from":"0022","to":"0023"}',X'BC9130B80B95EBD3');
INSERT INTO "log_entry" VALUES(7,1795803580247070,'place','',NULL,'reidsearch 0.1.0',X'54E6D47BD549EE947FCC131AB60C2831CA0FCB63DDFF89D4DC02C83678E230CE',X'A511A50CBD3DC3D22D314E557EE93D94B2067FB7F8F3BF1F206D64796016E3D2',X'4EB5D41D499ADAB00B73054D6D8997422B967AEE4E13BB42587484D865A1F1D0','{"camera":"gate","change":"add","kind":"region","name":"lower half","points":[[0,0.5],[1,0.5],[1,1]]}',X'2E21E1114FC0685D');
INSERT INTO "log_entry" VALUES(8,1795803580368492,'saved','',NULL,'reidsearch 0.1.0',X'DE21BDD1C5F68C2699456DBCEDDCF9F06248F71074EC2629B12E7EA510F290BA',X'FA384FD07ADA8A4AC5E2507FEF7DC97C5EB2CEA92D43DC10AE4A0E762B657811',X'8A68BAEBFFC6FAED421523BC27D6F3FF5EC9BFAD091A735FDD67DC635A558ABD','{"change":"add","name":"red jacket","question":1,"statement":{"crops":[],"filters":{"after":null,"before":null,"cameras":[],"crossings":[],"direction":null,"dwell_s":null,"exclude_crops":[],"indexed_after":null,"indexed_after_run":null,"no_identity":false,"not_cameras":[],"regions":[],"sources":[],"time_of_day":null,"unreviewed":false,"wearing":[],"weekdays":null,"with_things":[],"without_things":[]},"grouped":true,"identity":null,"query_pictures":[{"box":[0,0,4,8],"crop_id":null,"detection":null,"embedding_sha256":"ae5140b4f95bf59256e1f82bc650f9391c3b06f5b7adf63bd92497a9c7c5bfc2","location":null,"media_s":null,"name":"","of":"pixels","photo_id":null,"pixels_sha256":"2ea9ab9198d1638007400cd2c3bef1cc745b864b76011a0e1bc52180ac6452d4","sha256":null}],"requested":{"adjusted":true,"exact":false,"exclude_crops":[],"k":null,"max_false_alarms":null,"min_score":0.6,"new_only":false,"order":"score","prior":null,"query_camera":null,"reranked":true,"spread":null}}}',X'3A943315070415A2');
INSERT INTO "log_entry" VALUES(9,1795809643284684,'migrate','root',NULL,'reidsearch 0.1.0',X'DD70A5922618A677F513D366B6DFF97B38E4A73671D6C3ACF6723C8B3F98964A',X'33DAA915C4AAEF5DD5B6321830B217FDF0D1A51DE27D4A2428E3744DC341F732',X'FEE4837C9CF8579D60BE99CB1E9BFD9B33ED23FF51B84E738D73799CF174C575','{"from":"0023","to":"0024"}',X'3237CFAB516D9427');
CREATE TABLE model (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	precision VARCHAR(32) NOT NULL, 
	digest VARCHAR(96) NOT NULL, 
	preprocessing VARCHAR(64) NOT NULL, 
	dimension INTEGER NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_model PRIMARY KEY (id), 
	CONSTRAINT uq_model_digest_preprocessing UNIQUE (digest, preprocessing)
);
INSERT INTO "model" VALUES(1,'drawn','FP32','abababababababababababababababababababababababababababababababababababababababababababababababab','none/1',16,X'9D1301BAD5783B3A');
INSERT INTO "model" VALUES(2,'drawn-attributes','FP16','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','none/1',27,X'911450316FDAEC67');
CREATE TABLE moment (
	crop_id INTEGER NOT NULL, 
	tracklet_id INTEGER NOT NULL, 
	media_us BIGINT NOT NULL, 
	quality FLOAT NOT NULL, 
	confidence FLOAT NOT NULL, 
	sharpness FLOAT NOT NULL, picture TEXT, row_digest BLOB, 
	CONSTRAINT pk_moment PRIMARY KEY (crop_id), 
	CONSTRAINT fk_moment_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE, 
	CONSTRAINT fk_moment_tracklet_id_tracklet FOREIGN KEY(tracklet_id) REFERENCES tracklet (id) ON DELETE CASCADE
);
INSERT INTO "moment" VALUES(4,1,200000,0.5,0.9,0.4,NULL,X'27A536ECD7332524');
CREATE TABLE neighbours (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	model_id INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	sha256 BLOB NOT NULL, 
	crops BIGINT NOT NULL, 
	built_us BIGINT NOT NULL, row_digest BLOB, adjusted_by BLOB, node VARCHAR(36), 
	CONSTRAINT fk_neighbours_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
INSERT INTO "neighbours" VALUES(2,1,'graph-000002.npy',1040,X'8C822608F89B2569F188B4B608DCAF2CA25F66D9884A4FDE72A3BBA5B0C4AB65',4,1717150000000000,X'F7257CEEE19AE2B4',NULL,NULL);
CREATE TABLE passing_file (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	room VARCHAR(16) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	used_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT uq_passing_file_room_key UNIQUE (room, "key")
);
INSERT INTO "passing_file" VALUES(1,'job','1','crop-1.mp4',6,1795786156711882,X'97E00CAC7C170482');
CREATE TABLE passing_part (
	file_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	CONSTRAINT pk_passing_part PRIMARY KEY (file_id, number), 
	CONSTRAINT fk_passing_part_file_id_passing_file FOREIGN KEY(file_id) REFERENCES passing_file (id) ON DELETE CASCADE
);
INSERT INTO "passing_part" VALUES(1,0,X'6120636C6970',X'E899537B4C9149CD5EDB2000EA1E14F1D8EB76BE0CEEC7868AD01C7E389EB5B9');
CREATE TABLE pending (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(16) NOT NULL, 
	detail JSON NOT NULL, 
	at_us BIGINT NOT NULL, 
	row_digest BLOB
);
CREATE TABLE photo_embedding (
	model_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	CONSTRAINT pk_photo_embedding PRIMARY KEY (model_id, photo_id), 
	CONSTRAINT fk_photo_embedding_model_id_model FOREIGN KEY(model_id) REFERENCES model (id), 
	CONSTRAINT fk_photo_embedding_photo_id_reference_photo FOREIGN KEY(photo_id) REFERENCES reference_photo (id) ON DELETE CASCADE
);
CREATE TABLE photo_picture (
	photo_id INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	CONSTRAINT pk_photo_picture PRIMARY KEY (photo_id), 
	CONSTRAINT fk_photo_picture_photo_id_reference_photo FOREIGN KEY(photo_id) REFERENCES reference_photo (id) ON DELETE CASCADE
);
CREATE TABLE picture (
	crop_id INTEGER NOT NULL, 
	jpeg BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	CONSTRAINT pk_picture PRIMARY KEY (crop_id), 
	CONSTRAINT fk_picture_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE
);
INSERT INTO "picture" VALUES(1,X'FFD820706963747572652030',X'68BF7D1C1691FE6D12D89C6F55FCE36CE1047862504F2A73208C06AB63840F57');
INSERT INTO "picture" VALUES(2,X'FFD820706963747572652031',X'C950A2D4BC457CA6EA66E31A494F5278E28EE3EFFC993ED34E2BCD94AB5A20B6');
INSERT INTO "picture" VALUES(3,X'FFD820706963747572652032',X'3299D34B7340EAD20C7884ADE64F3D1C025397F92CF29156457A74D706AD26EE');
INSERT INTO "picture" VALUES(4,X'FFD82076696577203231',X'DC132DA688C1E784904967CCFC941ADFB50FF1C9B237EE253A4A077968A839BE');
CREATE TABLE picture_gone (
	name VARCHAR(96) NOT NULL, 
	at_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT pk_picture_gone PRIMARY KEY (name)
);
CREATE TABLE picture_object (
	crop_id INTEGER NOT NULL, 
	sha256 BLOB NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	token VARCHAR(16) NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT pk_picture_object PRIMARY KEY (crop_id), 
	CONSTRAINT fk_picture_object_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE
);
CREATE TABLE picture_store (
	id INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	folder VARCHAR(36) NOT NULL, 
	takes_new BOOLEAN NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT pk_picture_store PRIMARY KEY (id)
);
CREATE TABLE place (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	camera TEXT NOT NULL, 
	points JSON NOT NULL, 
	set_by TEXT NOT NULL, 
	set_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT uq_place_name UNIQUE (name)
);
INSERT INTO "place" VALUES(1,'lower half','region','gate','[[0.0, 0.5], [1.0, 0.5], [1.0, 1.0]]','',1795803580231275,X'7F979E743A84D323');
CREATE TABLE proposal (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	linking_id INTEGER NOT NULL, 
	identity_id INTEGER, 
	score FLOAT NOT NULL, row_digest BLOB, 
	CONSTRAINT fk_proposal_identity_id_identity FOREIGN KEY(identity_id) REFERENCES identity (id), 
	CONSTRAINT fk_proposal_linking_id_linking FOREIGN KEY(linking_id) REFERENCES linking (id) ON DELETE CASCADE
);
INSERT INTO "proposal" VALUES(5,3,NULL,0.75,X'E3F9CC4518D6AEF7');
CREATE TABLE proposal_member (
	id INTEGER NOT NULL, 
	proposal_id INTEGER NOT NULL, 
	tracklet_id INTEGER, 
	crop_id INTEGER, 
	score FLOAT NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_proposal_member PRIMARY KEY (id), 
	CONSTRAINT fk_proposal_member_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE, 
	CONSTRAINT fk_proposal_member_proposal_id_proposal FOREIGN KEY(proposal_id) REFERENCES proposal (id) ON DELETE CASCADE, 
	CONSTRAINT fk_proposal_member_tracklet_id_tracklet FOREIGN KEY(tracklet_id) REFERENCES tracklet (id) ON DELETE CASCADE, 
	CONSTRAINT uq_proposal_member_crop_id UNIQUE (crop_id), 
	CONSTRAINT uq_proposal_member_tracklet_id UNIQUE (tracklet_id)
);
INSERT INTO "proposal_member" VALUES(1,5,NULL,1,0.75,X'A6E00E01EF8E9B48');
INSERT INTO "proposal_member" VALUES(2,5,NULL,3,0.75,X'75D7A8A40F5F4311');
CREATE TABLE queued_source (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" BLOB NOT NULL, 
	location TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	request JSON NOT NULL, 
	actor TEXT NOT NULL, 
	case_name TEXT, 
	state VARCHAR(16) NOT NULL, 
	queued_us BIGINT NOT NULL, 
	started_us BIGINT, 
	ended_us BIGINT, 
	worker_id INTEGER, 
	taken INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	reached_us BIGINT NOT NULL, 
	missing_on TEXT NOT NULL, 
	problem JSON, 
	footage_s FLOAT, 
	row_digest BLOB
);
INSERT INTO "queued_source" VALUES(1,X'636BB5F8649DD2DD852CA91F57981D3E','/footage/gate.mp4','video',1000,'{"camera": "gate", "preset": "fast"}','anna',NULL,'running',1795786100032006,1795786100057146,NULL,1,1,1,0,'',NULL,NULL,X'596FF07A99A6AEDD');
INSERT INTO "queued_source" VALUES(2,X'B91CBBFEAC5313FB59E695BE7B21F852','/crops','pictures',50,'{"camera": "gate", "preset": "fast"}','anna',NULL,'queued',1795786100032006,NULL,NULL,NULL,0,0,0,'',NULL,NULL,X'C131DB00D3769662');
CREATE TABLE reference_photo (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	identity_id INTEGER, 
	given_for INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	x1 INTEGER NOT NULL, 
	y1 INTEGER NOT NULL, 
	x2 INTEGER NOT NULL, 
	y2 INTEGER NOT NULL, 
	detection VARCHAR(16), 
	added_us BIGINT NOT NULL, 
	added_by TEXT NOT NULL, 
	case_number TEXT, 
	note TEXT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT fk_reference_photo_identity_id_identity FOREIGN KEY(identity_id) REFERENCES identity (id)
);
CREATE TABLE retention (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	camera TEXT, 
	days INTEGER NOT NULL, 
	set_by TEXT NOT NULL, 
	set_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT uq_retention_camera UNIQUE (camera)
);
CREATE TABLE review (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	case_number TEXT NOT NULL, 
	identity_id INTEGER NOT NULL, 
	seed BLOB NOT NULL, 
	key_sha256 BLOB NOT NULL, 
	first_examiners JSON NOT NULL, 
	fillers_wanted INTEGER NOT NULL, 
	started_by TEXT NOT NULL, 
	started_us BIGINT NOT NULL, 
	finished_us BIGINT, 
	row_digest BLOB, 
	CONSTRAINT fk_review_identity_id_identity FOREIGN KEY(identity_id) REFERENCES identity (id)
);
CREATE TABLE review_answer (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	review_id INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	answer VARCHAR(16) NOT NULL, 
	who TEXT NOT NULL, 
	at_us BIGINT NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT fk_review_answer_review_id_review FOREIGN KEY(review_id) REFERENCES review (id)
);
CREATE TABLE review_item (
	id INTEGER NOT NULL, 
	review_id INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	part VARCHAR(16) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	number INTEGER NOT NULL, 
	first VARCHAR(16), 
	beside JSON NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT pk_review_item PRIMARY KEY (id), 
	CONSTRAINT fk_review_item_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_review_item_review_id_place UNIQUE (review_id, place), 
	CONSTRAINT uq_review_item_review_id_kind_number UNIQUE (review_id, kind, number)
);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	started_us BIGINT NOT NULL, 
	finished_us BIGINT, 
	state VARCHAR(16) NOT NULL, 
	request VARCHAR(64) NOT NULL, 
	command TEXT NOT NULL, 
	version VARCHAR(32) NOT NULL, 
	runtime TEXT NOT NULL, 
	model_id INTEGER NOT NULL, 
	counts JSON NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT fk_run_model_id_model FOREIGN KEY(model_id) REFERENCES model (id)
);
INSERT INTO "run" VALUES(1,1717156800000000,1717156801000000,'finished','fill 0','','0','none',1,'{}',X'3F53A221266B41F4');
INSERT INTO "run" VALUES(2,1717156800000000,1717156800000000,'finished','footage','','0','none',1,'{}',X'9CB56DCB00A4C5FC');
CREATE TABLE saved_answer (
	question_id INTEGER NOT NULL, 
	crop_id INTEGER NOT NULL, 
	score FLOAT NOT NULL, 
	found_us BIGINT NOT NULL, 
	entry INTEGER, 
	seen_us BIGINT, 
	row_digest BLOB, 
	CONSTRAINT pk_saved_answer PRIMARY KEY (question_id, crop_id), 
	CONSTRAINT fk_saved_answer_question_id_saved_question FOREIGN KEY(question_id) REFERENCES saved_question (id) ON DELETE CASCADE, 
	CONSTRAINT fk_saved_answer_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE
);
INSERT INTO "saved_answer" VALUES(1,4,0.7,1795803580390259,NULL,NULL,X'E9289E35D43586DE');
CREATE TABLE saved_picture (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	question_id INTEGER NOT NULL, 
	origin JSON NOT NULL, 
	vector BLOB NOT NULL, 
	row_digest BLOB, 
	CONSTRAINT fk_saved_picture_question_id_saved_question FOREIGN KEY(question_id) REFERENCES saved_question (id) ON DELETE CASCADE
);
INSERT INTO "saved_picture" VALUES(1,1,'{"of": "pixels", "name": "", "box": [0, 0, 4, 8], "location": null, "sha256": null, "media_s": null, "pixels_sha256": "2ea9ab9198d1638007400cd2c3bef1cc745b864b76011a0e1bc52180ac6452d4", "crop_id": null, "embedding_sha256": "ae5140b4f95bf59256e1f82bc650f9391c3b06f5b7adf63bd92497a9c7c5bfc2", "detection": null, "photo_id": null}',X'0000803F000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',X'95CDA7789651F94B');
CREATE TABLE saved_question (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	asked JSON NOT NULL, 
	identity_id INTEGER, 
	case_number TEXT, 
	reason TEXT, 
	made_by TEXT NOT NULL, 
	made_us BIGINT NOT NULL, 
	last_crop BIGINT NOT NULL, 
	asked_us BIGINT, 
	why_not TEXT, 
	row_digest BLOB, 
	CONSTRAINT uq_saved_question_name UNIQUE (name)
);
INSERT INTO "saved_question" VALUES(1,'red jacket','{"filters": {"cameras": [], "not_cameras": [], "after": null, "before": null, "sources": [], "exclude_crops": [], "wearing": [], "with_things": [], "without_things": [], "time_of_day": null, "weekdays": null, "indexed_after": null, "indexed_after_run": null, "unreviewed": false, "no_identity": false, "regions": [], "crossings": [], "direction": null, "dwell_s": null}, "requested": {"k": null, "min_score": 0.6, "max_false_alarms": null, "prior": null, "exact": false, "reranked": true, "adjusted": true, "query_camera": null, "new_only": false, "exclude_crops": [], "order": "score", "spread": null}, "grouped": true, "crops": [], "label": "1 picture", "model": {"name": "drawn", "precision": "FP32", "digest": "abababababababababababababababababababababababababababababababababababababababababababababababab", "preprocessing": "none/1", "dimension": 16}}',NULL,NULL,NULL,'',1795803580345084,4,1795803580390259,NULL,X'4F66D09283E3181B');
CREATE TABLE session (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	token BLOB NOT NULL, 
	account_id INTEGER, 
	created_us BIGINT NOT NULL, 
	seen_us BIGINT NOT NULL, 
	expires_us BIGINT NOT NULL, 
	revoked_us BIGINT, 
	row_digest BLOB, 
	CONSTRAINT fk_session_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE, 
	CONSTRAINT uq_session_token UNIQUE (token)
);
CREATE TABLE source (
	id INTEGER NOT NULL, 
	sha256 BLOB NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	width_px INTEGER NOT NULL, 
	height_px INTEGER NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_source PRIMARY KEY (id), 
	CONSTRAINT uq_source_sha256 UNIQUE (sha256)
);
INSERT INTO "source" VALUES(1,X'B20389CE6E88582C86332B8430C38903BD6FA75FA3FBB7A8D630DE1DBD322874',100,16,32,X'580057C302233145');
INSERT INTO "source" VALUES(2,X'DAD95B8243EF4C8D02FA743B2B24B3B29A9439137FF5EAF4D9F93A58D1571322',100,16,32,X'9E1400FF7FF15017');
INSERT INTO "source" VALUES(3,X'92278656227C1078A0BB492299729F7361524C11D407A1D3B7071C0EA8D93F3A',100,16,32,X'FD04F3C1FE7ED8F4');
INSERT INTO "source" VALUES(4,X'5D5766CF2D78701614200418EE1450690D9AF12C84D52545E4802F001AD53099',1000,320,240,X'DE1DFB058DD0F21B');
INSERT INTO "source" VALUES(5,X'A11AE06469C63740D7B0ECF802F282A0D46E94F31A654DFCD3C0DC6DC277F904',1000,320,240,X'3EBE54E2A323B99C');
CREATE TABLE span (
	source_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	from_us BIGINT NOT NULL, 
	to_us BIGINT NOT NULL, 
	how VARCHAR(16) NOT NULL, 
	detail TEXT NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_span PRIMARY KEY (source_id, number), 
	CONSTRAINT fk_span_source_id_footage FOREIGN KEY(source_id) REFERENCES footage (source_id) ON DELETE CASCADE
);
INSERT INTO "span" VALUES(4,0,0,5000000,'gated','',X'281134A3A25CB1FE');
INSERT INTO "span" VALUES(5,0,0,2000000,'dense','',X'97ABD02F8A13C7F1');
CREATE TABLE "tracklet" (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, row_digest BLOB, 
	CONSTRAINT pk_tracklet PRIMARY KEY (id), 
	CONSTRAINT fk_tracklet_run_id_run FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "tracklet" VALUES(1,2,X'B51D8460AAD4C428');
CREATE TABLE tracklet_edit (
	tracklet_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	other_id BIGINT NOT NULL, 
	source_id INTEGER, 
	pts BIGINT, 
	x1 FLOAT, 
	y1 FLOAT, 
	x2 FLOAT, 
	y2 FLOAT, 
	row_digest BLOB, 
	CONSTRAINT pk_tracklet_edit PRIMARY KEY (tracklet_id, kind), 
	CONSTRAINT fk_tracklet_edit_source_id_footage FOREIGN KEY(source_id) REFERENCES footage (source_id) ON DELETE CASCADE
);
CREATE TABLE tracklet_embedding (
	model_id INTEGER NOT NULL, 
	tracklet_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	sha256 BLOB NOT NULL, 
	CONSTRAINT pk_tracklet_embedding PRIMARY KEY (model_id, tracklet_id), 
	CONSTRAINT fk_tracklet_embedding_model_id_model FOREIGN KEY(model_id) REFERENCES model (id), 
	CONSTRAINT fk_tracklet_embedding_tracklet_id_tracklet FOREIGN KEY(tracklet_id) REFERENCES tracklet (id) ON DELETE CASCADE
);
INSERT INTO "tracklet_embedding" VALUES(1,1,X'21FC9F3D3569A83E1824C7BE4006BC3E57CC28BC2B5D32BE270733BEFC6C71BEE87447BD6EEC393E2E39023E15500E3E20F0BCBEAD21AFBEFA37AD3E0606583E',X'31DFF0C26FF38FB11657B8AD6E08439A66B0D9914F485263D0EC3637649C4813');
CREATE TABLE tracklet_part (
	source_id INTEGER NOT NULL, 
	tracklet_id INTEGER NOT NULL, 
	first_us BIGINT NOT NULL, 
	last_us BIGINT NOT NULL, 
	detections INTEGER NOT NULL, 
	fragments INTEGER NOT NULL, 
	trace BLOB NOT NULL, 
	sha256 BLOB NOT NULL, row_digest BLOB, doubts JSON, 
	CONSTRAINT pk_tracklet_part PRIMARY KEY (source_id, tracklet_id), 
	CONSTRAINT fk_tracklet_part_source_id_footage FOREIGN KEY(source_id) REFERENCES footage (source_id) ON DELETE CASCADE, 
	CONSTRAINT fk_tracklet_part_tracklet_id_tracklet FOREIGN KEY(tracklet_id) REFERENCES tracklet (id) ON DELETE CASCADE
);
INSERT INTO "tracklet_part" VALUES(4,1,0,400000,5,1,X'789C636080004628CD04A599A1340B030C283832302C00620F2706860F4E94F2D3D2D2ECD13100B9841636',X'8C822608F89B2569F188B4B608DCAF2CA25F66D9884A4FDE72A3BBA5B0C4AB65',X'7AEAAAF50DAF9FDC',NULL);
CREATE TABLE worker (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	host TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	started_us BIGINT NOT NULL, 
	seen_us BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	ended_us BIGINT, 
	queued_id INTEGER, 
	share FLOAT, 
	done INTEGER NOT NULL, 
	done_bytes BIGINT NOT NULL, 
	footage_s FLOAT NOT NULL, 
	busy_s FLOAT NOT NULL, 
	row_digest BLOB
);
INSERT INTO "worker" VALUES(1,'host-a',4711,1795786100034137,1795786100034137,1795786160034137,NULL,NULL,NULL,0,0,0.0,0.0,X'3610261304BF3F1D');
CREATE INDEX ix_attributes_model_id ON attributes (model_id);
CREATE INDEX ix_embedding_crop_id ON embedding (crop_id);
CREATE INDEX ix_location_crop_id ON location (crop_id);
CREATE INDEX ix_footage_location_source_id ON footage_location (source_id);
CREATE INDEX ix_moment_tracklet_id ON moment (tracklet_id);
CREATE INDEX ix_tracklet_embedding_tracklet_id ON tracklet_embedding (tracklet_id);
CREATE INDEX ix_crop_camera_id_time_us ON crop (camera_id, time_us);
CREATE INDEX ix_crop_time_us ON crop (time_us);
CREATE INDEX ix_proposal_linking_id ON proposal (linking_id);
CREATE INDEX ix_identity_member_identity_id ON identity_member (identity_id);
CREATE INDEX ix_identity_rejection_crop_id ON identity_rejection (crop_id);
CREATE INDEX ix_identity_rejection_tracklet_id ON identity_rejection (tracklet_id);
CREATE INDEX ix_proposal_member_proposal_id ON proposal_member (proposal_id);
CREATE INDEX ix_tracklet_part_source_id_first_us ON tracklet_part (source_id, first_us);
CREATE INDEX ix_tracklet_part_tracklet_id ON tracklet_part (tracklet_id);
CREATE INDEX ix_tracklet_edit_other_id ON tracklet_edit (other_id);
CREATE INDEX ix_tracklet_edit_source_id ON tracklet_edit (source_id);
CREATE INDEX ix_session_account_id ON session (account_id);
CREATE INDEX ix_job_state ON job (state);
CREATE INDEX ix_log_entry_event ON log_entry (event);
CREATE INDEX ix_log_entry_case_number ON log_entry (case_number);
CREATE INDEX ix_review_answer_review_id ON review_answer (review_id);
CREATE INDEX ix_reference_photo_identity_id ON reference_photo (identity_id);
CREATE INDEX ix_photo_picture_sha256 ON photo_picture (sha256);
CREATE INDEX ix_photo_embedding_photo_id ON photo_embedding (photo_id);
CREATE UNIQUE INDEX ix_queued_source_key ON queued_source ("key");
CREATE INDEX ix_queued_source_state ON queued_source (state);
CREATE UNIQUE INDEX ix_account_issuer_subject ON account (issuer, subject);
CREATE INDEX ix_camera_ground_camera_id ON camera_ground (camera_id);
CREATE INDEX ix_saved_picture_question_id ON saved_picture (question_id);
CREATE INDEX ix_saved_answer_crop_id ON saved_answer (crop_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('calibration',2);
INSERT INTO "sqlite_sequence" VALUES('decision',4);
INSERT INTO "sqlite_sequence" VALUES('linking',3);
INSERT INTO "sqlite_sequence" VALUES('neighbours',2);
INSERT INTO "sqlite_sequence" VALUES('proposal',5);
INSERT INTO "sqlite_sequence" VALUES('pending',0);
INSERT INTO "sqlite_sequence" VALUES('queued_source',2);
INSERT INTO "sqlite_sequence" VALUES('worker',1);
INSERT INTO "sqlite_sequence" VALUES('account',2);
INSERT INTO "sqlite_sequence" VALUES('passing_file',1);
INSERT INTO "sqlite_sequence" VALUES('camera_ground',1);
INSERT INTO "sqlite_sequence" VALUES('place',1);
INSERT INTO "sqlite_sequence" VALUES('saved_question',1);
INSERT INTO "sqlite_sequence" VALUES('saved_picture',1);
INSERT INTO "sqlite_sequence" VALUES('camera_keeps',1);
COMMIT;
