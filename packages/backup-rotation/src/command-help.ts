/** What `--help` says. */
export const commandHelp = `hive-backup: backups that are proved, rotated and within quota

Usage: hive-backup <command> [options]

  create <folder or file>…   make a backup     --sqlite FILE  --postgres URL  --tag TAG  --exclude TEXT  --verify  --force  --quota 20G
  list                       list backups and their state
  verify [id…]               look if they are whole   --depth quick|deep|drill|N/T  --budget 10m
  restore <id> --into NEW    restore into a folder that does not exist yet   --only PREFIX  --links refuse|keep|skip  --dry-run
                             or --zip FILE for a zip file to open
  rotate                     apply the policy         --dry-run
  explain <id>               why the policy keeps it, and until when
  forecast                   how much there will be   --years 3  --every 24h
  undelete <id>              take a backup back out of the trash
  orphans                    what belongs to no whole backup   --clean  --min-age 24h  --dry-run
  approve <id>               say that a backup unlike its history is as it should be

Policy: --last N --hourly N --daily N --weekly N --monthly N --yearly N (-1: no limit)  --within 30d  --keep-tag TAG[,TAG]
Everywhere: --vault FOLDER or s3://BUCKET/PREFIX (or HIVE_BACKUP_VAULT)   --json   --help
Keys: HIVE_BACKUP_RECIPIENTS, HIVE_BACKUP_IDENTITIES or HIVE_BACKUP_PASSPHRASE (age). S3: the AWS_ variables, HIVE_BACKUP_S3_ENDPOINT.

Exit code: 0 done; 1 failed; 2 misused; 3 backup made, but some files were not as they should be; 4 a backup is corrupt or suspect;
           5 another process holds the lock; 6 no room; 7 rotation is blocked, nothing was removed from a set.
`
